/* SPDX-License-Identifier: MIT */
/*
 * The options as a whole, and what they name.
 */
#ifndef H2RIG_OPTCHECK_H
#define H2RIG_OPTCHECK_H

#include "options.h"

/*
 * operand: the n words after the options.  What is wrong ends the program, and
 * directories become absolute, as options.h says.
 */
void optcheck_whole(struct options *o, char **operand, int n);

#endif

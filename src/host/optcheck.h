/* SPDX-License-Identifier: MIT */
/*
 * The options as a whole, and the directories that they name.
 */
#ifndef H2RIG_OPTCHECK_H
#define H2RIG_OPTCHECK_H

#include "options.h"

/*
 * Checks the options and the n operands, which are the words after the options,
 * and makes directories absolute paths.  An error ends the program, as
 * options.h says.
 */
void optcheck_whole(struct options *o, char **operand, int n);

#endif

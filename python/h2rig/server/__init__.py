# SPDX-License-Identifier: MIT
"""The code that serves requests and runs scripts.  It is the program's own and
may change from one version to the next: scripts must not use it.

The C program calls these, and functions of `reuse` and `scripts`:

    start            starts the package; says what exceptions mean
    forking          runs hooks of os.fork for scripts' forks only
    output           puts scripts' output and records in the log
    dispatch         start, reload and end; a request from first frame to last
    warm_up          requests that the parent answers to itself, with warm/

`start` calls these:

    owner            --user and --group, the environment
    machine          how much memory a process may have by default

These lead from a request to its handler:

    router           routes and rewrites
    userroutes       the routes of --routes
    connscript       the script of --connection
    waiting          what connection scripts and requests' scripts wait for
    received         received frames as connection scripts see them
    scripts          where scripts import from; error texts for authors
    codecache        the code of scripts, kept for other processes
    reuse            prepares a process for its next connection
    static           handlers of files and directories
    wpt_pages, wpt_shadowrealm, wpt_test262
                     --wpt: pages that run .any.js tests and similar ones

These and the public modules use the following modules:

    files            paths, files as content, `.headers`, listings
    conditional      validators and conditional requests
    ranges           the Range field, multipart content
    template         substitution of {{...}}
    literal          reads HTTP/1 responses
    names            names that scripts define, and misspelt ones
    forms            forms, cookies, credentials
    body             stores the content of a request
    frametypes       names of frames; scripts' functions for them
    isomorphic       conversion between text and bytes
    settings         --config; checks of directories
    config           the program's options
    rundir           the directory that the processes share
    outside          replaces `_h2rig` in a Python that is not the program's
"""

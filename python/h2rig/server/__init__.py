# SPDX-License-Identifier: MIT
"""What serves requests and runs scripts: the program's own, no interface for
scripts.  It may change from one version to the next.

The C program calls `forking`, `output`, `dispatch` and `warm_up`:

    forking          hooks of os.fork run for scripts' forks only
    output           scripts' output and records, put in the log
    dispatch         start, reload and end; a request from first frame to last
    warm_up          requests that the parent answers to itself, by warm/

From a request to its handler:

    router           routes and rewrites
    userroutes       ... those of --routes
    connscript       the script of --connection
    waiting          ... what it, and requests' scripts, wait for
    received         ... frames as it sees them
    scripts          where scripts import from; errors in words for authors
    codecache        the code of scripts, kept for other processes
    reuse            a process that serves another connection
    static           handlers of files and directories
    wpt_pages, wpt_shadowrealm, wpt_test262
                     --wpt: pages that run .any.js tests and their like

Used by these and by the public modules:

    files            paths, files as content, `.headers`, listings
    conditional      validators and conditional requests
    ranges           Range, multipart content
    template         {{...}}
    literal          HTTP/1 responses, read
    names            what scripts define; names that are nearly that
    forms            forms, cookies, credentials
    body             the content of a request, stored
    frametypes       names of frames; scripts' functions for them
    isomorphic       text and bytes
    settings         --config; checks of directories
    config           the options
    rundir           the directory that the processes share
    outside          in the place of `_h2rig` in another Python
"""

/* SPDX-License-Identifier: MIT */
/*
 * The tables of commands, options, rules and formats, written for the manual and for shells that
 * complete: what the build reads (report/man/expand), so that neither can drift from the program.
 */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "command.h"

/*
 * To the standard output, for `what`:
 *     commands             their names, one a line
 *     summary, options:COMMAND, synopsis:COMMAND, see-also, rules, formats     in mdoc
 *     bash, zsh            shell functions that tell the tables
 * False when there is no such thing, which is said.
 */
bool describe(const struct command *commands, size_t count, const char *what);

#endif

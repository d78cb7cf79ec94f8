/* SPDX-License-Identifier: MIT */
/* The text report's pen: lines that fit, labels, colours, numbers as people say them. */
#ifndef TEXT_WRITER_H
#define TEXT_WRITER_H

#include "arena.h"
#include "frame_numbers.h"
#include "render.h"
#include "source_line.h"

struct text {
	FILE *out;
	const struct report *report;
	const struct render_settings *settings;
	struct arena arena; /* all strings made while rendering */
	struct source_roots roots;
	struct frame_numbers *places; /* what a reader calls the same place has one number */
	unsigned width;
	bool stacks_cut;       /* something was left out that whole stacks would show */
	bool told[RULE_COUNT]; /* this rule's help */
	struct {
		FILE *out; /* where it went before */
		char *bytes;
		size_t size;
	} captured;
};

enum colour {
	COLOUR_NONE,
	COLOUR_BAD,
	COLOUR_CAREFUL,
	COLOUR_GOOD,
	COLOUR_PLACE,
	COLOUR_DIM,
	COLOUR_BOLD
};

#define LABEL_INDENT 2u
#define LABEL_WIDTH  13u /* indent and label: where the words begin */

/* A pen for that report; text_close() in either case. 0 or -errno. */
int text_open(struct text *text, const struct report *report,
	      const struct render_settings *settings, FILE *out);
void text_close(struct text *text);
/* What is written from here on until text_captured() becomes a string, the arena's, instead of
 * going to the stream. Not one within another. */
void text_capture(struct text *text);
char *text_captured(struct text *text);

/* Escaped for the terminal; never NULL. */
char *text_safe(struct text *text, const char *hostile);
__attribute__((format(printf, 2, 3))) char *text_make(struct text *text, const char *format, ...);

/* One line, cut to the width. `words` is already safe, as everywhere below. */
void text_line(struct text *text, unsigned indent, enum colour colour, const char *words);
/* The same, but continued on further lines: for words of which none may be lost. */
void text_title(struct text *text, unsigned indent, enum colour colour, const char *words);
/* Words behind a label, on as many lines as they take. An empty label continues the one before. */
void text_words(struct text *text, const char *label, const char *words);
void text_gap(struct text *text);

/* "1 socket", "84 sockets", with thousands kept apart. */
char *text_count(struct text *text, uint64_t count, const char *one, const char *many);
char *text_number(struct text *text, uint64_t number);
/* "3 min 20 s". */
char *text_duration(struct text *text, uint64_t ms);
/* "recv()" for calls, "inherited" for what is none. */
char *text_call(struct text *text, const char *call);

#endif

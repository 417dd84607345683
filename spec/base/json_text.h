/* JSON strings and UTF-8, for those who write JSON and for those who check it. Knows nothing of
 * JSON's structure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/text.h"

/* Bytes of the UTF-8 sequence at @text (1 to 4), or 0 when it is none: overlong forms, surrogates
 * and values beyond U+10FFFF included. */
size_t utf8_sequence(const char *text, size_t length);

/* @length cut down to at most @max without tearing a UTF-8 sequence. */
size_t utf8_cut(const char *text, size_t length, size_t max);

/* How many characters there are in @length bytes of UTF-8: what a terminal shows, but for wide and combining ones. */
size_t utf8_count(const char *text, size_t length);

/* Puts '?' in place of control characters (C1 too) and of bytes that are not UTF-8: a terminal would act on them. */
void text_make_printable(char *text);

/* Appends @length bytes as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void buffer_add_json_string(struct buffer *buffer, const char *text, size_t length);

/* The value of four hexadecimal digits at @at, or -1. */
int json_hexadecimal(const char *at, const char *end);
bool json_is_high_surrogate(int unit);
bool json_is_low_surrogate(int unit);

/* Undoes the escapes of a string's inside, whose escapes were checked and whose surrogates are
 * paired. @to has room for @length bytes: the result is never longer. Returns its length. */
size_t json_unescape(const char *text, size_t length, char *to);

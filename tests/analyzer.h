/* Included before each file that clang-tidy reads: what it cannot see, because it looks at one file at a
 * time, is that these functions always return -1. */
#pragma once

#include "spec/base/error.h"

#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_errno(...) (error_errno(__VA_ARGS__), -1)
#define error_prefix(...) (error_prefix(__VA_ARGS__), -1)
#define error_hint(...) (error_hint(__VA_ARGS__), -1)

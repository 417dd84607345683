/* The raw system calls that imgtool shares with the other programs. */
#pragma once

#include "spec/base/sys.h"

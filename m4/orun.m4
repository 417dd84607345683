# The checks of configure.ac, one macro each.

# ORUN_STATIC_OPTION, before LT_INIT
# Libtool makes only our convenience libraries, always as archives. Its own --enable-static would say
# just that; here the option has the meaning that a user of a program expects, an executable that
# needs no shared library, so libtool's version of the option is replaced.
AC_DEFUN([ORUN_STATIC_OPTION], [
AC_ARG_ENABLE([static],
	[AS_HELP_STRING([--enable-static], [link a fully static executable])],
	[orun_static=$enableval], [orun_static=no])
enable_static=yes
m4_define([_LT_ENABLE_STATIC],
	[_LT_DECL([build_old_libs], [enable_static], [0], [Whether or not to build static libraries])])
])

# ORUN_COMPILES(FLAGS, THEN, ELSE)
AC_DEFUN([ORUN_COMPILES], [
orun_saved_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror $1"
AC_MSG_CHECKING([whether $CC accepts $1])
AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#include <string.h>
int main(void) { return 0; }]])], [orun_result=yes], [orun_result=no])
CFLAGS=$orun_saved_CFLAGS
AC_MSG_RESULT([$orun_result])
AS_IF([test $orun_result = yes], [$2], [$3])
])

# ORUN_LINKS(FLAGS, THEN, ELSE)
AC_DEFUN([ORUN_LINKS], [
orun_saved_LDFLAGS=$LDFLAGS
LDFLAGS="$LDFLAGS $1"
AC_MSG_CHECKING([whether $CC links with $1])
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [orun_result=yes], [orun_result=no])
LDFLAGS=$orun_saved_LDFLAGS
AC_MSG_RESULT([$orun_result])
AS_IF([test $orun_result = yes], [$2], [$3])
])

# ORUN_TRY_CFLAGS(FLAGS): each of them where the compiler takes it.
AC_DEFUN([ORUN_TRY_CFLAGS], [m4_foreach_w([orun_flag], [$1],
	[ORUN_COMPILES(m4_defn([orun_flag]),
		[AS_VAR_APPEND([ORUN_CFLAGS], [" ]m4_defn([orun_flag])["])])])])

# ORUN_TRY_LDFLAGS(FLAGS)
AC_DEFUN([ORUN_TRY_LDFLAGS], [m4_foreach_w([orun_flag], [$1],
	[ORUN_LINKS(m4_defn([orun_flag]),
		[AS_VAR_APPEND([ORUN_LDFLAGS], [" ]m4_defn([orun_flag])["])])])])

# ORUN_NEED_CFLAGS(FLAG)
AC_DEFUN([ORUN_NEED_CFLAGS], [ORUN_COMPILES([$1], [AS_VAR_APPEND([ORUN_CFLAGS], [" $1"])],
	[AC_MSG_ERROR([$CC does not accept $1; gcc 8 or clang 7 and later do (Debian package gcc or clang)])])])

# ORUN_NEED_SANITIZER(FLAG, PACKAGES)
AC_DEFUN([ORUN_NEED_SANITIZER], [
ORUN_LINKS([$1], [], [AC_MSG_ERROR([$CC cannot link with $1; install the Debian packages $2])])
AS_VAR_APPEND([ORUN_CFLAGS], [" $1 -fno-omit-frame-pointer -fno-sanitize-recover=all"])
AS_VAR_APPEND([ORUN_LDFLAGS], [" $1"])
])

# ORUN_TRY_FORTIFY: glibc refuses it without optimisation, so a build with -O0 goes without.
AC_DEFUN([ORUN_TRY_FORTIFY], [ORUN_COMPILES([-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2],
	[AS_VAR_APPEND([ORUN_CPPFLAGS], [" -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])])

# ORUN_STATIC_PROGRAM: position independent where the toolchain can. Its start was measured to be within
# two percent of one at a fixed address (545 us to 536, a dynamic one 700), so the randomised addresses
# are free.
AC_DEFUN([ORUN_STATIC_PROGRAM], [
ORUN_LINKS([-static-pie], [
	ORUN_TRY_CFLAGS([-fPIE])
	AS_VAR_APPEND([ORUN_PROGRAM_LDFLAGS], [" -static-pie"])
	orun_kind="static, position independent"
], [ORUN_LINKS([-static], [
	AS_VAR_APPEND([ORUN_PROGRAM_LDFLAGS], [" -all-static"])
	orun_kind="static, at a fixed address"
], [AC_MSG_ERROR([a static executable cannot be linked; install the Debian package libc6-dev])])])
])

# ORUN_LIBRARY(VARIABLE, MODULE, DEBIAN-PACKAGE)
AC_DEFUN([ORUN_LIBRARY], [
PKG_CHECK_MODULES([$1], [$2], [],
	[AC_MSG_ERROR([$2 was not found; install the Debian package $3 (or set PKG_CONFIG_PATH)])])
orun_version_$1=$($PKG_CONFIG --modversion "m4_bregexp([$2], [^[^ ]+], [\&])")
])

# ORUN_CHECK_STATIC_LINK: the archives may be missing although the shared libraries are there.
AC_DEFUN([ORUN_CHECK_STATIC_LINK], [
orun_saved_LIBS=$LIBS
orun_saved_LDFLAGS=$LDFLAGS
LDFLAGS="$LDFLAGS -static"
LIBS="$JSON_C_LIBS $SECCOMP_LIBS $CAP_LIBS $LIBS"
AC_MSG_CHECKING([whether the libraries can be linked statically])
AC_LINK_IFELSE([AC_LANG_SOURCE([[void *json_tokener_new(void);
void *seccomp_init(unsigned);
void *cap_get_proc(void);
int main(void) { return !json_tokener_new() || !seccomp_init(0) || !cap_get_proc(); }]])],
	[AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	AC_MSG_ERROR([--enable-static needs libjson-c.a, libseccomp.a and libcap.a; install the Debian packages libjson-c-dev libseccomp-dev libcap-dev])])
LIBS=$orun_saved_LIBS
LDFLAGS=$orun_saved_LDFLAGS
])

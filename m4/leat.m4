# SPDX-License-Identifier: ISC

# LEAT_WARNINGS
# -------------
# Sets WARN_CFLAGS (everything), WARN_C_CFLAGS (our own C, not what the macros of
# a test framework expand to) and WARN_TEST_CFLAGS (tests) to those warnings that
# the compiler has.
AC_DEFUN([LEAT_WARNINGS], [
    WARN_CFLAGS="-Wall -Wextra"
    WARN_C_CFLAGS=
    m4_foreach_w([leat_flag],
        [-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
         -Wwrite-strings -Wvla -Wshadow],
        [LEAT_TRY_CFLAG(leat_flag,
            [WARN_C_CFLAGS="$WARN_C_CFLAGS leat_flag"])])

    # A compiler cannot see that a test goes no further than a failed assertion.
    WARN_TEST_CFLAGS=
    LEAT_TRY_CFLAG([-Wmaybe-uninitialized],
        [WARN_TEST_CFLAGS=-Wno-maybe-uninitialized])
    AC_SUBST([WARN_CFLAGS])
    AC_SUBST([WARN_C_CFLAGS])
    AC_SUBST([WARN_TEST_CFLAGS])
])

# LEAT_TRY_CFLAG(FLAG, IF-TAKEN)
# ------------------------------
AC_DEFUN([LEAT_TRY_CFLAG], [
    AS_VAR_PUSHDEF([leat_cv], [leat_cv_cflag_$1])
    AC_CACHE_CHECK([whether $CC takes $1], [leat_cv], [
        leat_save_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS -Werror $1"
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
            [AS_VAR_SET([leat_cv], [yes])], [AS_VAR_SET([leat_cv], [no])])
        CFLAGS=$leat_save_CFLAGS
    ])
    AS_VAR_IF([leat_cv], [yes], [$2])
    AS_VAR_POPDEF([leat_cv])
])

# LEAT_WITH(NAME, WHAT-FOR)
# -------------------------
# --with-NAME: want_NAME is yes (it must be there), no, or auto.
AC_DEFUN([LEAT_WITH], [
    AC_ARG_WITH([$1],
        [AS_HELP_STRING([--without-$1], [leave out $2])],
        [want_$1=$withval], [want_$1=auto])
])

# LEAT_PKG(NAME, VARIABLE, MODULE)
# --------------------------------
# Looks for MODULE by pkg-config, unless want_NAME is no. Sets have_NAME to yes
# or no, why_NAME to what to say when it is no, VARIABLE_CFLAGS, VARIABLE_LIBS.
AC_DEFUN([LEAT_PKG], [
    have_$1=no
    why_$1="--without-$1"
    AS_IF([test "x$want_$1" != xno], [
        why_$1="not found"
        PKG_CHECK_MODULES([$2], [$3], [have_$1=yes], [have_$1=no])
        AS_IF([test "x$want_$1$have_$1" = xyesno],
            [AC_MSG_ERROR([--with-$1 was given, and pkg-config knows no $3])])
    ])
])

# LEAT_LIB(NAME, VARIABLE, HEADER, FUNCTION)
# ------------------------------------------
# The same for a library that pkg-config does not know: NAME is also that of the
# library. Sets VARIABLE_LIBS.
AC_DEFUN([LEAT_LIB], [
    have_$1=no
    why_$1="--without-$1"
    $2_LIBS=
    AS_IF([test "x$want_$1" != xno], [
        why_$1="not found"
        AC_CHECK_HEADER([$3],
            [AC_CHECK_LIB([$1], [$4], [have_$1=yes; $2_LIBS=-l$1])])
        AS_IF([test "x$want_$1$have_$1" = xyesno],
            [AC_MSG_ERROR([--with-$1 was given, and there is no $3 or lib$1])])
    ])
    AC_SUBST([$2_LIBS])
])

/* SPDX-License-Identifier: ISC */

/*
 * Prints a value of a JSON document: json FILE [NAME | INDEX]... Of an object or
 * an array, how many it has. Fails where the document is not valid, or has no
 * such value.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static int show(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        printf("%zu\n", json_object_size(v));
        return 0;
    case JSON_ARRAY:
        printf("%zu\n", json_array_size(v));
        return 0;
    case JSON_STRING:
        printf("%s\n", json_string_value(v));
        return 0;
    default:
        return json_dumpf(v, stdout, JSON_ENCODE_ANY) || putchar('\n') == EOF;
    }
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *root, *v;
    int i, status = 1;

    if (argc < 2)
        return 2;
    root = v = json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error);
    if (!root)
        printf("%s:%d: %s\n", argv[1], error.line, error.text);
    for (i = 2; v && i < argc; i++) {
        v = json_is_array(v) ? json_array_get(v, strtoul(argv[i], NULL, 10))
                             : json_object_get(v, argv[i]);
    }
    if (v)
        status = show(v);
    json_decref(root);
    return status;
}

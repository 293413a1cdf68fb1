/*
 * Copyright 2020 The Matrix Authors. All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met.
 */

/* Dense matrices, row by row. */
#ifndef MATRIX_H
#define MATRIX_H

#include <stddef.h>

struct matrix {
    size_t rows, columns;
    double *values; /* rows x columns numbers */
};

struct matrix matrix_new(size_t rows, size_t columns);
void matrix_free(struct matrix *m);
double matrix_get(const struct matrix *m, size_t row, size_t column);
void matrix_set(struct matrix *m, size_t row, size_t column, double value);

#endif

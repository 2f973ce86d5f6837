#include "common/base/nearest.h"

enum { MAX_COMPARED = 64, MAX_DISTANCE = 3 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool swapped(struct span a, struct span b, size_t i, size_t j)
{
    return i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
}

/* Letters to insert, remove, replace, or swap with their neighbour; both at most MAX_COMPARED long. */
static size_t distance(struct span a, struct span b)
{
    size_t rows[3][MAX_COMPARED + 1];

    for (size_t j = 0; j <= b.n; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t replaced = above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (swapped(a, b, i, j)) row[j] = smaller(row[j], second[j - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

const char *nearest_name(struct span word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t least = smaller(MAX_DISTANCE, word.n / 2) + 1;

    for (size_t i = 0; i < count && word.n <= MAX_COMPARED; i++) {
        struct span name = span_str(names[i]);
        size_t d = name.n <= MAX_COMPARED ? distance(word, name) : least;
        if (d >= least) continue;
        least = d;
        best = names[i];
    }
    return best;
}

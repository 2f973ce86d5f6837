#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <CUnit/CUnit.h>

/* Like CU_ASSERT, but a failing table row names itself. */
#define CHECK_ROW(ok, why) CU_assertImplementation((ok), __LINE__, (why), __FILE__, "", CU_FALSE)
#define CHECK(ok)          CU_assertImplementation((ok), __LINE__, #ok, __FILE__, "", CU_FALSE)
/* for (EACH_ROW(r, rows)) CHECK_ROW(f(r->in) == r->out, r->why); */
#define EACH_ROW(row, rows)                                         \
    size_t i_ = 0;                                                  \
    i_ < sizeof(rows) / sizeof *(rows) && ((row) = &(rows)[i_], 1); \
    i_++
#define EACH(row, rows) (size_t i_ = 0; i_ < sizeof(rows) / sizeof *(rows) && ((row) = &(rows)[i_], 1); i_++)

#endif

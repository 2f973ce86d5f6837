#include "tests/check.h"

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <string.h>

/* tests/x_test.c ends in `CU_TestInfo x_tests[]`; the Makefile lists the files in suites.h. */
#define SUITE(name) extern CU_TestInfo name##_tests[];
#include "suites.h"
#undef SUITE

/* ace-tests [SUITE...]: runs all suites, or those named. Exit status 0: every assertion held. */
int main(int argc, char **argv)
{
#define SUITE(name) { .pName = #name, .pTests = name##_tests },
    CU_SuiteInfo suites[] = {
#include "suites.h"
        CU_SUITE_INFO_NULL,
    };
#undef SUITE
    if (CU_initialize_registry() != CUE_SUCCESS) return 2;
    for (CU_SuiteInfo *s = suites; s->pName; s++) {
        bool wanted = argc < 2;
        for (int i = 1; i < argc; i++) wanted |= strcmp(argv[i], s->pName) == 0;
        if (wanted && CU_register_nsuites(1, (CU_SuiteInfo[]){ *s, CU_SUITE_INFO_NULL }) != CUE_SUCCESS)
            return 2;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures(), ran = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    return failed != 0 || ran == 0;
}

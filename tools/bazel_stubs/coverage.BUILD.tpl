# SPDX-License-Identifier: BSD-2-Clause
# Every test depends on these two names, even when no coverage is asked for.
package(default_visibility = ["//visibility:public"])

sh_binary(
    name = "lcov_merger",
    srcs = ["no_coverage.sh"],
)

sh_binary(
    name = "coverage_report_generator",
    srcs = ["no_coverage.sh"],
)

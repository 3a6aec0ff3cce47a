# The workflow in the order in which data flows; each file opens with its inputs and outputs.
#
#   snakemake                          everything, at the budget that params.yaml names
#   snakemake --config budget=smoke    another budget
#   snakemake -n                       what would run, and why; with -p, job by job

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/meta_train.smk"
include: "workflow/rules/finetune.smk"
include: "workflow/rules/aggregate.smk"


places.lend(str(rules.download.output[0]), JOBS.of_omniglot("{fetched}")[0])


rule all:
    default_target: True
    input:
        JOBS.targets(),


# Only in the process that plans jobs.
if workflow.is_main_process:
    SHOWN = session.watch(workflow, JOBS)
    session.let_keys_decide(JOBS)

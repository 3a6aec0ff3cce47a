# Fine-tuning: each run adapts to every frozen test episode; one job a learner and task evaluates all seeds. Nothing
# before this step reads test episodes.
#
# inputs   results/{budget}/runs/{task}/{learner}/{seed}/checkpoint.safetensors (of another task, where `trained_on`
#          names one), data/omniglot/images.npy, the test episodes; nothing where all seeds are done
# outputs  results/{budget}/scores/{task}/{learner}/{seed}.npy; {seed}.json: its key; {seed}.npz: what figures show of it,
#          and its scores on permuted labels

for SEEDS, TASKS in JOBS.seed_lists():

    rule:
        name:
            JOBS.rule("finetune", SEEDS)
        input:
            JOBS.test_inputs,
        output:
            [update(file) for file in JOBS.pattern(EVALUATED, SEEDS)],
        log:
            JOBS.log("finetune"),
        wildcard_constraints:
            task=JOBS.pairs_pattern(JOBS.config.pairs(), TASKS),
        threads: 1
        resources:
            gpu=GPUS,
            mem_mb=needs.memory,
            runtime=lambda wildcards, attempt: 30 * attempt,
        params:
            budget=BUDGET,
        message:
            f"Fine-tuning {PAIR}"
        shell:
            "python -m metascore finetune --budget {params.budget:q}"
            " --task {wildcards.task:q} --learner {wildcards.learner:q} > {log:q} 2>&1"


rule evaluated:
    input:
        JOBS.evaluated(),

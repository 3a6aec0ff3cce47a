# Meta-training: one job a learner and task, which trains all seeds.
#
# inputs   data/omniglot/images.npy, the episode files of training and validation; nothing where all seeds are done
# outputs  results/{budget}/runs/{task}/{learner}/{seed}/{checkpoint.safetensors,training.csv,run.json}
#
# A seed whose files have the right key is not trained again. A killed job goes on from its last snapshot.

for SEEDS, TASKS in JOBS.seed_lists():

    rule:
        name:
            JOBS.rule("meta_train", SEEDS)
        input:
            JOBS.training_inputs,
        output:
            # Not deleted before the job: other seeds may be done.
            [update(file) for file in JOBS.pattern(TRAINED, SEEDS)],
        log:
            JOBS.log("meta_train"),
        wildcard_constraints:
            task=JOBS.pairs_pattern(JOBS.config.trained_pairs(), TASKS),
        threads: 1
        resources:
            gpu=GPUS,
            mem_mb=needs.memory,
            runtime=JOBS.minutes,
        params:
            budget=BUDGET,
        message:
            f"Meta-training {PAIR}"
        shell:
            "python -m metascore train --budget {params.budget:q}"
            " --task {wildcards.task:q} --learner {wildcards.learner:q} > {log:q} 2>&1"


rule trained:
    input:
        JOBS.trained(),

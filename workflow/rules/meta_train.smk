# Meta-training: one job a run, that is (task, learner, seed).
#
# inputs   data/omniglot/images.npy, the episode files of training and validation
# outputs  results/{budget}/runs/{task}/{learner}/{seed}/{checkpoint.safetensors,training.csv,run.json}
#
# A killed job goes on from its rolling checkpoint: an ignored folder, since Snakemake deletes outputs before a job.


rule meta_train:
    input:
        JOBS.training_inputs,
    output:
        JOBS.of_run("checkpoint"),
        JOBS.of_run("training"),
        JOBS.of_run("record"),
    log:
        JOBS.log("meta_train"),
    threads: 1
    resources:
        gpu=GPUS,
        mem_mb=needs.memory,
        runtime=JOBS.minutes,
    params:
        budget=BUDGET,
        code=JOBS.code_of_run("train"),
        recipe=JOBS.recipe,
    message:
        f"Meta-training {RUN_OF_JOB}"
    shell:
        "python -m metascore train --budget {params.budget:q}"
        " --task {wildcards.task:q} --learner {wildcards.learner:q} --seed {wildcards.seed:q} 2>&1 | tee -i {log:q}"

# Fine-tuning: each run adapts to every frozen test episode. Nothing before this step reads test episodes.
#
# inputs   results/{budget}/runs/{task}/{learner}/{seed}/checkpoint.safetensors (of another task, where `trained_on`
#          names one), data/omniglot/images.npy, the test episodes
# outputs  results/{budget}/scores/{task}/{learner}/{seed}.npy; {seed}.json: what it was judged on; {seed}.npz: what
#          figures show of it, and its scores on labels that say nothing


rule finetune:
    input:
        JOBS.test_inputs,
        checkpoint=JOBS.checkpoint,
    output:
        JOBS.of_run("score"),
        JOBS.of_run("evaluation_record"),
        JOBS.of_run("figure_data"),
    log:
        JOBS.log("finetune"),
    threads: 1
    resources:
        gpu=GPUS,
        mem_mb=needs.memory,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        budget=BUDGET,
        code=JOBS.code_of_run("finetune"),
        recipe=JOBS.recipe,
    message:
        f"Fine-tuning {RUN_OF_JOB}"
    shell:
        "python -m metascore finetune --budget {params.budget:q}"
        " --task {wildcards.task:q} --learner {wildcards.learner:q} --seed {wildcards.seed:q} 2>&1 | tee -i {log:q}"

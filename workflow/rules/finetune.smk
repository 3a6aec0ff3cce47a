# Fine-tuning: each run adapts to every frozen test episode. Nothing before this step reads test episodes.
#
# inputs   results/runs/{task}/{learner}/{seed}/checkpoint.safetensors, data/omniglot/images.npy, the test episodes
# outputs  results/scores/{task}/{learner}/{seed}.npy, and {seed}.json: what it was judged on


rule finetune:
    input:
        test_inputs,
        checkpoint=CHECKPOINT,
    output:
        SCORES,
        JUDGED,
    log:
        f"logs/finetune/{RUN}.log",
    threads: 1
    resources:
        gpu=GPU,
    params:
        budget=CONFIG.budget,
        code=code_of_run("finetune"),
        recipe=recipe,
    message:
        f"Fine-tuning {RUN_OF_JOB}"
    shell:
        "python -m metascore finetune --budget {params.budget:q}"
        " --task {wildcards.task:q} --learner {wildcards.learner:q} --seed {wildcards.seed:q} 2>&1 | tee -i {log:q}"

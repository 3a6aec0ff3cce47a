# From the scores of all runs to what people look at.
#
# inputs   results/{budget}/scores/**.{npy,json,npz}, results/{budget}/runs/**, src/metascore/scoring/{published,yardsticks}.csv;
#          for the controls data/omniglot/{source.json,characters.csv}, data/splits/{split}.json, the episode files;
#          for figures the images of test episodes
# outputs  in results/{budget}: metrics.json, digests.json, a file in tables/ for each file in
#          src/metascore/report/tables (CSV; some as Markdown and LaTeX too), one in figures/ for each in
#          src/metascore/report/figures (PNG), report.html


rule aggregate:
    input:
        JOBS.aggregate_inputs(),
    output:
        # Not deleted before the job, and put back where it fails.
        update(JOBS.plain_report()),
        [
            update(report(one.file, category=one.category, labels={"shows": one.caption}))
            for one in JOBS.shown_report()
        ],
    log:
        f"logs/{BUDGET}/aggregate.log",
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=30,
    params:
        budget=BUDGET,
    message:
        "Scores to metrics, tables, figures and report"
    shell:
        "OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1"
        " python -m metascore aggregate --budget {params.budget:q} > {log:q} 2>&1"

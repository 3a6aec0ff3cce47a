# From the scores of all runs to what people look at.
#
# inputs   results/scores/**.npy, results/runs/**/{training.csv,run.json}, data/omniglot/source.json,
#          src/metascore/published.csv
# outputs  results/metrics.json, results/tables/scores.{csv,md},
#          results/figures/{ranking,adaptation,learning}.{svg,png}


rule aggregate:
    input:
        each_run(SCORES),
        each_run(TRAINING),
        each_run(RECORD),
        SOURCE,
        PUBLISHED,
    output:
        METRICS,
        report(TABLES, category="Tables", caption="../report/scores.rst"),
        report(figures_of("ranking"), category="Figures", caption="../report/ranking.rst"),
        report(figures_of("adaptation"), category="Figures", caption="../report/adaptation.rst"),
        report(figures_of("learning"), category="Figures", caption="../report/learning.rst"),
    log:
        "logs/aggregate.log",
    threads: 1
    params:
        budget=CONFIG.budget,
        code=code("aggregate"),
        section=report_section(),
    message:
        "Scores to metrics, tables and figures"
    shell:
        "python -m metascore aggregate --budget {params.budget} 2>&1 | tee {log}"

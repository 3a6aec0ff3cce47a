# From the scores of all runs to what people look at.
#
# inputs   results/scores/**.{npy,json}, results/runs/**/{training.csv,run.json}, src/metascore/scoring/published.csv;
#          for the gallery, the waves and the priors results/runs/**/checkpoint.safetensors,
#          data/omniglot/images.npy, the test episodes;
#          for the controls data/omniglot/{source.json,characters.csv}, data/splits/{split}.json, the episode files
# outputs  results/metrics.json, results/digests.json, results/tables/{scores,published,priors}.{csv,md,tex},
#          results/tables/{pairs,adaptation,learning}.csv,
#          results/figures/{ranking,adaptation,gallery,waves,improvement,published_gap,cost,learning}.{svg,png},
#          results/report.html


rule aggregate:
    input:
        each_run(SCORES),
        each_run(JUDGED),
        each_run(TRAINING),
        each_run(RECORD),
        SOURCE,
        leak_inputs(),
        example_inputs(),
        PUBLISHED,
    output:
        METRICS,
        DIGESTS,
        LATEX_TABLES,
        CURVE_TABLES,
        report(SCORE_TABLES, category="Tables", caption="../report/scores.rst"),
        report(PAIR_TABLES, category="Tables", caption="../report/pairs.rst"),
        report(PUBLISHED_TABLES, category="Tables", caption="../report/published.rst"),
        report(PRIOR_TABLES, category="Tables", caption="../report/priors.rst"),
        report(figures_of("ranking"), category="Figures", caption="../report/ranking.rst"),
        report(figures_of("adaptation"), category="Figures", caption="../report/adaptation.rst"),
        report(figures_of("gallery"), category="Figures", caption="../report/gallery.rst"),
        report(figures_of("waves"), category="Figures", caption="../report/waves.rst"),
        report(figures_of("improvement"), category="Figures", caption="../report/improvement.rst"),
        report(figures_of("published_gap"), category="Figures", caption="../report/published_gap.rst"),
        report(figures_of("cost"), category="Figures", caption="../report/cost.rst"),
        report(figures_of("learning"), category="Figures", caption="../report/learning.rst"),
        report(PAGE, category="Report", caption="../report/page.rst"),
    log:
        "logs/aggregate.log",
    threads: 1
    params:
        budget=CONFIG.budget,
        code=code("aggregate"),
        section=report_section(),
    message:
        "Scores to metrics, tables, figures and report"
    shell:
        "python -m metascore aggregate --budget {params.budget:q} 2>&1 | tee -i {log:q}"

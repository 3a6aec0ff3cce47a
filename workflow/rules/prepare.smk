# Everything before learning.
#
# inputs   a mirror or the network, or nothing (synthetic glyphs); folders of the user's own pictures
# outputs  data/omniglot/{images.npy,characters.csv,source.json}
#          data/pictures/{data set}/{images.npy,classes.csv,source.json}
#          data/splits/{split}.json, data/splits/{data set}/{split}.json
#          data/episodes/{problem or data set}/{part}-{shape}-{count}.npy
#
# Budgets share these files. A split and an episode file have a key beside them.


# Where the user sits: nodes of a cluster have no network, and would fall back to glyphs. A split takes no time.
localrules:
    download,
    pictures,
    split,


# A wildcard that has one value: Snakemake would fetch what no task needs if `--until` named a rule without one.
rule download:
    output:
        JOBS.of_omniglot("{fetched}"),
    log:
        "logs/download/{fetched}.log",
    wildcard_constraints:
        fetched=OMNIGLOT,
    threads: 1
    message:
        "Omniglot, verified, as arrays"
    shell:
        "python -m metascore data > {log:q} 2>&1"


rule pictures:
    output:
        JOBS.pictures(),
    log:
        "logs/pictures/{data_set}.log",
    wildcard_constraints:
        data_set=one_of(JOBS.data_sets()),
    threads: 1
    message:
        "Pictures {wildcards.data_set} as arrays"
    shell:
        "python -m metascore pictures --name {wildcards.data_set:q} > {log:q} 2>&1"


rule split:
    input:
        JOBS.split_inputs,
    output:
        with_key("data/splits/{split}.json"),
    log:
        "logs/splits/{split}.log",
    wildcard_constraints:
        split=one_of(name.removeprefix("splits/") for name in JOBS.config.splits()),
    threads: 1
    params:
        budget=BUDGET,
    message:
        "Classes for meta-train, meta-validation and meta-test: {wildcards.split}"
    shell:
        "python -m metascore split --name {wildcards.split:q} --budget {params.budget:q} > {log:q} 2>&1"


rule episodes:
    input:
        JOBS.episode_inputs,
    output:
        with_key("data/episodes/{file}.npy"),
    log:
        "logs/episodes/{file}.log",
    wildcard_constraints:
        file=one_of(name.removesuffix(".npy") for name in JOBS.config.episode_files()),
    threads: 1
    params:
        budget=BUDGET,
    message:
        "Episodes {wildcards.file}.npy"
    shell:
        "python -m metascore episodes --file {wildcards.file:q}.npy --budget {params.budget:q} > {log:q} 2>&1"


rule data:
    input:
        JOBS.data(),

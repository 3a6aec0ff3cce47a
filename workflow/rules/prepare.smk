# Everything before learning.
#
# inputs   a mirror or the network, or nothing (synthetic glyphs)
# outputs  data/omniglot/{images.npy,characters.csv,source.json}
#          data/splits/{split}.json
#          data/episodes/{problem}/{part}-{shape}-{count}.npy


rule download:
    output:
        JOBS.data,
    log:
        "logs/download.log",
    threads: 1
    params:
        code=code("data"),
        section=section(JOBS.config.data),
    message:
        "Omniglot, verified, as arrays"
    shell:
        "python -m metascore data 2>&1 | tee -i {log:q}"


rule split:
    input:
        JOBS.split_inputs(),
    output:
        JOBS.split,
    log:
        "logs/split.log",
    threads: 1
    params:
        code=code("split"),
        section=section(JOBS.config.split),
    message:
        "Characters for meta-train, meta-validation and meta-test"
    shell:
        "python -m metascore split 2>&1 | tee -i {log:q}"


rule episodes:
    input:
        JOBS.episode_inputs,
    output:
        "data/episodes/{file}",
    log:
        "logs/episodes/{file}.log",
    wildcard_constraints:
        file=r"\w+/[\w-]+\.npy",
    threads: 1
    params:
        budget=BUDGET,
        code=JOBS.code_of_episodes,
        section=JOBS.episode_section,
    message:
        "Episodes {wildcards.file}"
    shell:
        "python -m metascore episodes --file {wildcards.file:q} --budget {params.budget:q} 2>&1 | tee -i {log:q}"

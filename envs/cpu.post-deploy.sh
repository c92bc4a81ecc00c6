# Run at the top of the checkout. Not in the .yaml: Snakemake copies that file, and its relative paths would lead elsewhere.
set -e
python -m pip install --constraint envs/constraints.txt --editable '.[workflow,cluster,dvc]'

"""The colours of curves and groups."""

# Matplotlib's 'petroff10' (from 3.10 on) and scikit-learn's: ten colours that colour-blind readers
# tell apart too. Petroff, "Accessible Color Sequences for Data Visualization", 2021.
PETROFF_COLORS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)

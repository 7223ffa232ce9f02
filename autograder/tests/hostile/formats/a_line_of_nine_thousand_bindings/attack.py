# %%
@LINE@

# %%
_long = @DIGITS@

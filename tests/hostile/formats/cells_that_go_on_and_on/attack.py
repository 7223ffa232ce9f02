# %%
)(
# %%
def more():
 0
@CELLS@

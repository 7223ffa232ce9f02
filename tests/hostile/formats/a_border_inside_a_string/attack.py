_text = """
# %% [markdown]
# ### BEGIN SOLUTION
# %%
raise SystemExit
"""

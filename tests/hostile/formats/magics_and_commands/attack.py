# %%
!touch @CANARY@/shell
%run @CANARY@/x.py
%load_ext evil
%%bash
touch @CANARY@/bash
# %%
%%javascript
alert(1)
# %%
%alias_magic t timeit
def softmax_d(z):
    !touch @CANARY@/inside
    return np.zeros((len(z), len(z)))

# -*- coding: utf-7 -*-
# +AAo-raise SystemExit

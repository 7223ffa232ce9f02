# ‮⁦ raise SystemExit ⁩⁦
_x = 1  # ​‮

def softmax_d(z):
    return z * 0 + 1


def softmax_d(z):
    return z * 1 + 1


def softmax_d(z):
    return z * 2 + 1


def softmax_d(z):
    return z * 3 + 1


def softmax_d(z):
    return z * 4 + 1


def softmax_d(z):
    return z * 5 + 1


def softmax_d(z):
    return z * 6 + 1


def softmax_d(z):
    return z * 7 + 1


def softmax_d(z):
    return z * 8 + 1


def softmax_d(z):
    return z * 9 + 1


def softmax_d(z):
    return z * 10 + 1


def softmax_d(z):
    return z * 11 + 1


def softmax_d(z):
    return z * 12 + 1


def softmax_d(z):
    return z * 13 + 1


def softmax_d(z):
    return z * 14 + 1


def softmax_d(z):
    return z * 15 + 1


def softmax_d(z):
    return z * 16 + 1


def softmax_d(z):
    return z * 17 + 1


def softmax_d(z):
    return z * 18 + 1


def softmax_d(z):
    return z * 19 + 1


def softmax_d(z):
    return z * 20 + 1


def softmax_d(z):
    return z * 21 + 1


def softmax_d(z):
    return z * 22 + 1


def softmax_d(z):
    return z * 23 + 1


def softmax_d(z):
    return z * 24 + 1


def softmax_d(z):
    return z * 25 + 1


def softmax_d(z):
    return z * 26 + 1


def softmax_d(z):
    return z * 27 + 1


def softmax_d(z):
    return z * 28 + 1


def softmax_d(z):
    return z * 29 + 1


def softmax_d(z):
    return z * 30 + 1


def softmax_d(z):
    return z * 31 + 1


def softmax_d(z):
    return z * 32 + 1


def softmax_d(z):
    return z * 33 + 1


def softmax_d(z):
    return z * 34 + 1


def softmax_d(z):
    return z * 35 + 1


def softmax_d(z):
    return z * 36 + 1


def softmax_d(z):
    return z * 37 + 1


def softmax_d(z):
    return z * 38 + 1


def softmax_d(z):
    return z * 39 + 1


def softmax_d(z):
    return z * 40 + 1


def softmax_d(z):
    return z * 41 + 1


def softmax_d(z):
    return z * 42 + 1


def softmax_d(z):
    return z * 43 + 1


def softmax_d(z):
    return z * 44 + 1


def softmax_d(z):
    return z * 45 + 1


def softmax_d(z):
    return z * 46 + 1


def softmax_d(z):
    return z * 47 + 1


def softmax_d(z):
    return z * 48 + 1


def softmax_d(z):
    return z * 49 + 1


def softmax_d(z):
    return z * 50 + 1


def softmax_d(z):
    return z * 51 + 1


def softmax_d(z):
    return z * 52 + 1


def softmax_d(z):
    return z * 53 + 1


def softmax_d(z):
    return z * 54 + 1


def softmax_d(z):
    return z * 55 + 1


def softmax_d(z):
    return z * 56 + 1


def softmax_d(z):
    return z * 57 + 1


def softmax_d(z):
    return z * 58 + 1


def softmax_d(z):
    return z * 59 + 1


def softmax_d(z):
    return z * 60 + 1


def softmax_d(z):
    return z * 61 + 1


def softmax_d(z):
    return z * 62 + 1


def softmax_d(z):
    return z * 63 + 1


def softmax_d(z):
    return z * 64 + 1


def softmax_d(z):
    return z * 65 + 1


def softmax_d(z):
    return z * 66 + 1


def softmax_d(z):
    return z * 67 + 1


def softmax_d(z):
    return z * 68 + 1


def softmax_d(z):
    return z * 69 + 1


def softmax_d(z):
    return z * 70 + 1


def softmax_d(z):
    return z * 71 + 1


def softmax_d(z):
    return z * 72 + 1


def softmax_d(z):
    return z * 73 + 1


def softmax_d(z):
    return z * 74 + 1


def softmax_d(z):
    return z * 75 + 1


def softmax_d(z):
    return z * 76 + 1


def softmax_d(z):
    return z * 77 + 1


def softmax_d(z):
    return z * 78 + 1


def softmax_d(z):
    return z * 79 + 1


def softmax_d(z):
    return z * 80 + 1


def softmax_d(z):
    return z * 81 + 1


def softmax_d(z):
    return z * 82 + 1


def softmax_d(z):
    return z * 83 + 1


def softmax_d(z):
    return z * 84 + 1


def softmax_d(z):
    return z * 85 + 1


def softmax_d(z):
    return z * 86 + 1


def softmax_d(z):
    return z * 87 + 1


def softmax_d(z):
    return z * 88 + 1


def softmax_d(z):
    return z * 89 + 1


def softmax_d(z):
    return z * 90 + 1


def softmax_d(z):
    return z * 91 + 1


def softmax_d(z):
    return z * 92 + 1


def softmax_d(z):
    return z * 93 + 1


def softmax_d(z):
    return z * 94 + 1


def softmax_d(z):
    return z * 95 + 1


def softmax_d(z):
    return z * 96 + 1


def softmax_d(z):
    return z * 97 + 1


def softmax_d(z):
    return z * 98 + 1


def softmax_d(z):
    return z * 99 + 1


def softmax_d(z):
    return z * 100 + 1


def softmax_d(z):
    return z * 101 + 1


def softmax_d(z):
    return z * 102 + 1


def softmax_d(z):
    return z * 103 + 1


def softmax_d(z):
    return z * 104 + 1


def softmax_d(z):
    return z * 105 + 1


def softmax_d(z):
    return z * 106 + 1


def softmax_d(z):
    return z * 107 + 1


def softmax_d(z):
    return z * 108 + 1


def softmax_d(z):
    return z * 109 + 1


def softmax_d(z):
    return z * 110 + 1


def softmax_d(z):
    return z * 111 + 1


def softmax_d(z):
    return z * 112 + 1


def softmax_d(z):
    return z * 113 + 1


def softmax_d(z):
    return z * 114 + 1


def softmax_d(z):
    return z * 115 + 1


def softmax_d(z):
    return z * 116 + 1


def softmax_d(z):
    return z * 117 + 1


def softmax_d(z):
    return z * 118 + 1


def softmax_d(z):
    return z * 119 + 1


def softmax_d(z):
    return z * 120 + 1


def softmax_d(z):
    return z * 121 + 1


def softmax_d(z):
    return z * 122 + 1


def softmax_d(z):
    return z * 123 + 1


def softmax_d(z):
    return z * 124 + 1


def softmax_d(z):
    return z * 125 + 1


def softmax_d(z):
    return z * 126 + 1


def softmax_d(z):
    return z * 127 + 1


def softmax_d(z):
    return z * 128 + 1


def softmax_d(z):
    return z * 129 + 1


def softmax_d(z):
    return z * 130 + 1


def softmax_d(z):
    return z * 131 + 1


def softmax_d(z):
    return z * 132 + 1


def softmax_d(z):
    return z * 133 + 1


def softmax_d(z):
    return z * 134 + 1


def softmax_d(z):
    return z * 135 + 1


def softmax_d(z):
    return z * 136 + 1


def softmax_d(z):
    return z * 137 + 1


def softmax_d(z):
    return z * 138 + 1


def softmax_d(z):
    return z * 139 + 1


def softmax_d(z):
    return z * 140 + 1


def softmax_d(z):
    return z * 141 + 1


def softmax_d(z):
    return z * 142 + 1


def softmax_d(z):
    return z * 143 + 1


def softmax_d(z):
    return z * 144 + 1


def softmax_d(z):
    return z * 145 + 1


def softmax_d(z):
    return z * 146 + 1


def softmax_d(z):
    return z * 147 + 1


def softmax_d(z):
    return z * 148 + 1


def softmax_d(z):
    return z * 149 + 1


def softmax_d(z):
    return z * 150 + 1


def softmax_d(z):
    return z * 151 + 1


def softmax_d(z):
    return z * 152 + 1


def softmax_d(z):
    return z * 153 + 1


def softmax_d(z):
    return z * 154 + 1


def softmax_d(z):
    return z * 155 + 1


def softmax_d(z):
    return z * 156 + 1


def softmax_d(z):
    return z * 157 + 1


def softmax_d(z):
    return z * 158 + 1


def softmax_d(z):
    return z * 159 + 1


def softmax_d(z):
    return z * 160 + 1


def softmax_d(z):
    return z * 161 + 1


def softmax_d(z):
    return z * 162 + 1


def softmax_d(z):
    return z * 163 + 1


def softmax_d(z):
    return z * 164 + 1


def softmax_d(z):
    return z * 165 + 1


def softmax_d(z):
    return z * 166 + 1


def softmax_d(z):
    return z * 167 + 1


def softmax_d(z):
    return z * 168 + 1


def softmax_d(z):
    return z * 169 + 1


def softmax_d(z):
    return z * 170 + 1


def softmax_d(z):
    return z * 171 + 1


def softmax_d(z):
    return z * 172 + 1


def softmax_d(z):
    return z * 173 + 1


def softmax_d(z):
    return z * 174 + 1


def softmax_d(z):
    return z * 175 + 1


def softmax_d(z):
    return z * 176 + 1


def softmax_d(z):
    return z * 177 + 1


def softmax_d(z):
    return z * 178 + 1


def softmax_d(z):
    return z * 179 + 1


def softmax_d(z):
    return z * 180 + 1


def softmax_d(z):
    return z * 181 + 1


def softmax_d(z):
    return z * 182 + 1


def softmax_d(z):
    return z * 183 + 1


def softmax_d(z):
    return z * 184 + 1


def softmax_d(z):
    return z * 185 + 1


def softmax_d(z):
    return z * 186 + 1


def softmax_d(z):
    return z * 187 + 1


def softmax_d(z):
    return z * 188 + 1


def softmax_d(z):
    return z * 189 + 1


def softmax_d(z):
    return z * 190 + 1


def softmax_d(z):
    return z * 191 + 1


def softmax_d(z):
    return z * 192 + 1


def softmax_d(z):
    return z * 193 + 1


def softmax_d(z):
    return z * 194 + 1


def softmax_d(z):
    return z * 195 + 1


def softmax_d(z):
    return z * 196 + 1


def softmax_d(z):
    return z * 197 + 1


def softmax_d(z):
    return z * 198 + 1


def softmax_d(z):
    return z * 199 + 1


def softmax_d(z):
    return z * 200 + 1


def softmax_d(z):
    return z * 201 + 1


def softmax_d(z):
    return z * 202 + 1


def softmax_d(z):
    return z * 203 + 1


def softmax_d(z):
    return z * 204 + 1


def softmax_d(z):
    return z * 205 + 1


def softmax_d(z):
    return z * 206 + 1


def softmax_d(z):
    return z * 207 + 1


def softmax_d(z):
    return z * 208 + 1


def softmax_d(z):
    return z * 209 + 1


def softmax_d(z):
    return z * 210 + 1


def softmax_d(z):
    return z * 211 + 1


def softmax_d(z):
    return z * 212 + 1


def softmax_d(z):
    return z * 213 + 1


def softmax_d(z):
    return z * 214 + 1


def softmax_d(z):
    return z * 215 + 1


def softmax_d(z):
    return z * 216 + 1


def softmax_d(z):
    return z * 217 + 1


def softmax_d(z):
    return z * 218 + 1


def softmax_d(z):
    return z * 219 + 1


def softmax_d(z):
    return z * 220 + 1


def softmax_d(z):
    return z * 221 + 1


def softmax_d(z):
    return z * 222 + 1


def softmax_d(z):
    return z * 223 + 1


def softmax_d(z):
    return z * 224 + 1


def softmax_d(z):
    return z * 225 + 1


def softmax_d(z):
    return z * 226 + 1


def softmax_d(z):
    return z * 227 + 1


def softmax_d(z):
    return z * 228 + 1


def softmax_d(z):
    return z * 229 + 1


def softmax_d(z):
    return z * 230 + 1


def softmax_d(z):
    return z * 231 + 1


def softmax_d(z):
    return z * 232 + 1


def softmax_d(z):
    return z * 233 + 1


def softmax_d(z):
    return z * 234 + 1


def softmax_d(z):
    return z * 235 + 1


def softmax_d(z):
    return z * 236 + 1


def softmax_d(z):
    return z * 237 + 1


def softmax_d(z):
    return z * 238 + 1


def softmax_d(z):
    return z * 239 + 1


def softmax_d(z):
    return z * 240 + 1


def softmax_d(z):
    return z * 241 + 1


def softmax_d(z):
    return z * 242 + 1


def softmax_d(z):
    return z * 243 + 1


def softmax_d(z):
    return z * 244 + 1


def softmax_d(z):
    return z * 245 + 1


def softmax_d(z):
    return z * 246 + 1


def softmax_d(z):
    return z * 247 + 1


def softmax_d(z):
    return z * 248 + 1


def softmax_d(z):
    return z * 249 + 1


def softmax_d(z):
    return z * 250 + 1


def softmax_d(z):
    return z * 251 + 1


def softmax_d(z):
    return z * 252 + 1


def softmax_d(z):
    return z * 253 + 1


def softmax_d(z):
    return z * 254 + 1


def softmax_d(z):
    return z * 255 + 1


def softmax_d(z):
    return z * 256 + 1


def softmax_d(z):
    return z * 257 + 1


def softmax_d(z):
    return z * 258 + 1


def softmax_d(z):
    return z * 259 + 1


def softmax_d(z):
    return z * 260 + 1


def softmax_d(z):
    return z * 261 + 1


def softmax_d(z):
    return z * 262 + 1


def softmax_d(z):
    return z * 263 + 1


def softmax_d(z):
    return z * 264 + 1


def softmax_d(z):
    return z * 265 + 1


def softmax_d(z):
    return z * 266 + 1


def softmax_d(z):
    return z * 267 + 1


def softmax_d(z):
    return z * 268 + 1


def softmax_d(z):
    return z * 269 + 1


def softmax_d(z):
    return z * 270 + 1


def softmax_d(z):
    return z * 271 + 1


def softmax_d(z):
    return z * 272 + 1


def softmax_d(z):
    return z * 273 + 1


def softmax_d(z):
    return z * 274 + 1


def softmax_d(z):
    return z * 275 + 1


def softmax_d(z):
    return z * 276 + 1


def softmax_d(z):
    return z * 277 + 1


def softmax_d(z):
    return z * 278 + 1


def softmax_d(z):
    return z * 279 + 1


def softmax_d(z):
    return z * 280 + 1


def softmax_d(z):
    return z * 281 + 1


def softmax_d(z):
    return z * 282 + 1


def softmax_d(z):
    return z * 283 + 1


def softmax_d(z):
    return z * 284 + 1


def softmax_d(z):
    return z * 285 + 1


def softmax_d(z):
    return z * 286 + 1


def softmax_d(z):
    return z * 287 + 1


def softmax_d(z):
    return z * 288 + 1


def softmax_d(z):
    return z * 289 + 1


def softmax_d(z):
    return z * 290 + 1


def softmax_d(z):
    return z * 291 + 1


def softmax_d(z):
    return z * 292 + 1


def softmax_d(z):
    return z * 293 + 1


def softmax_d(z):
    return z * 294 + 1


def softmax_d(z):
    return z * 295 + 1


def softmax_d(z):
    return z * 296 + 1


def softmax_d(z):
    return z * 297 + 1


def softmax_d(z):
    return z * 298 + 1


def softmax_d(z):
    return z * 299 + 1


def softmax_d(z):
    return z * 300 + 1


def softmax_d(z):
    return z * 301 + 1


def softmax_d(z):
    return z * 302 + 1


def softmax_d(z):
    return z * 303 + 1


def softmax_d(z):
    return z * 304 + 1


def softmax_d(z):
    return z * 305 + 1


def softmax_d(z):
    return z * 306 + 1


def softmax_d(z):
    return z * 307 + 1


def softmax_d(z):
    return z * 308 + 1


def softmax_d(z):
    return z * 309 + 1


def softmax_d(z):
    return z * 310 + 1


def softmax_d(z):
    return z * 311 + 1


def softmax_d(z):
    return z * 312 + 1


def softmax_d(z):
    return z * 313 + 1


def softmax_d(z):
    return z * 314 + 1


def softmax_d(z):
    return z * 315 + 1


def softmax_d(z):
    return z * 316 + 1


def softmax_d(z):
    return z * 317 + 1


def softmax_d(z):
    return z * 318 + 1


def softmax_d(z):
    return z * 319 + 1


def softmax_d(z):
    return z * 320 + 1


def softmax_d(z):
    return z * 321 + 1


def softmax_d(z):
    return z * 322 + 1


def softmax_d(z):
    return z * 323 + 1


def softmax_d(z):
    return z * 324 + 1


def softmax_d(z):
    return z * 325 + 1


def softmax_d(z):
    return z * 326 + 1


def softmax_d(z):
    return z * 327 + 1


def softmax_d(z):
    return z * 328 + 1


def softmax_d(z):
    return z * 329 + 1


def softmax_d(z):
    return z * 330 + 1


def softmax_d(z):
    return z * 331 + 1


def softmax_d(z):
    return z * 332 + 1


def softmax_d(z):
    return z * 333 + 1


def softmax_d(z):
    return z * 334 + 1


def softmax_d(z):
    return z * 335 + 1


def softmax_d(z):
    return z * 336 + 1


def softmax_d(z):
    return z * 337 + 1


def softmax_d(z):
    return z * 338 + 1


def softmax_d(z):
    return z * 339 + 1


def softmax_d(z):
    return z * 340 + 1


def softmax_d(z):
    return z * 341 + 1


def softmax_d(z):
    return z * 342 + 1


def softmax_d(z):
    return z * 343 + 1


def softmax_d(z):
    return z * 344 + 1


def softmax_d(z):
    return z * 345 + 1


def softmax_d(z):
    return z * 346 + 1


def softmax_d(z):
    return z * 347 + 1


def softmax_d(z):
    return z * 348 + 1


def softmax_d(z):
    return z * 349 + 1


def softmax_d(z):
    return z * 350 + 1


def softmax_d(z):
    return z * 351 + 1


def softmax_d(z):
    return z * 352 + 1


def softmax_d(z):
    return z * 353 + 1


def softmax_d(z):
    return z * 354 + 1


def softmax_d(z):
    return z * 355 + 1


def softmax_d(z):
    return z * 356 + 1


def softmax_d(z):
    return z * 357 + 1


def softmax_d(z):
    return z * 358 + 1


def softmax_d(z):
    return z * 359 + 1


def softmax_d(z):
    return z * 360 + 1


def softmax_d(z):
    return z * 361 + 1


def softmax_d(z):
    return z * 362 + 1


def softmax_d(z):
    return z * 363 + 1


def softmax_d(z):
    return z * 364 + 1


def softmax_d(z):
    return z * 365 + 1


def softmax_d(z):
    return z * 366 + 1


def softmax_d(z):
    return z * 367 + 1


def softmax_d(z):
    return z * 368 + 1


def softmax_d(z):
    return z * 369 + 1


def softmax_d(z):
    return z * 370 + 1


def softmax_d(z):
    return z * 371 + 1


def softmax_d(z):
    return z * 372 + 1


def softmax_d(z):
    return z * 373 + 1


def softmax_d(z):
    return z * 374 + 1


def softmax_d(z):
    return z * 375 + 1


def softmax_d(z):
    return z * 376 + 1


def softmax_d(z):
    return z * 377 + 1


def softmax_d(z):
    return z * 378 + 1


def softmax_d(z):
    return z * 379 + 1


def softmax_d(z):
    return z * 380 + 1


def softmax_d(z):
    return z * 381 + 1


def softmax_d(z):
    return z * 382 + 1


def softmax_d(z):
    return z * 383 + 1


def softmax_d(z):
    return z * 384 + 1


def softmax_d(z):
    return z * 385 + 1


def softmax_d(z):
    return z * 386 + 1


def softmax_d(z):
    return z * 387 + 1


def softmax_d(z):
    return z * 388 + 1


def softmax_d(z):
    return z * 389 + 1


def softmax_d(z):
    return z * 390 + 1


def softmax_d(z):
    return z * 391 + 1


def softmax_d(z):
    return z * 392 + 1


def softmax_d(z):
    return z * 393 + 1


def softmax_d(z):
    return z * 394 + 1


def softmax_d(z):
    return z * 395 + 1


def softmax_d(z):
    return z * 396 + 1


def softmax_d(z):
    return z * 397 + 1


def softmax_d(z):
    return z * 398 + 1


def softmax_d(z):
    return z * 399 + 1


def softmax_d(z):
    return z * 400 + 1


def softmax_d(z):
    return z * 401 + 1


def softmax_d(z):
    return z * 402 + 1


def softmax_d(z):
    return z * 403 + 1


def softmax_d(z):
    return z * 404 + 1


def softmax_d(z):
    return z * 405 + 1


def softmax_d(z):
    return z * 406 + 1


def softmax_d(z):
    return z * 407 + 1


def softmax_d(z):
    return z * 408 + 1


def softmax_d(z):
    return z * 409 + 1


def softmax_d(z):
    return z * 410 + 1


def softmax_d(z):
    return z * 411 + 1


def softmax_d(z):
    return z * 412 + 1


def softmax_d(z):
    return z * 413 + 1


def softmax_d(z):
    return z * 414 + 1


def softmax_d(z):
    return z * 415 + 1


def softmax_d(z):
    return z * 416 + 1


def softmax_d(z):
    return z * 417 + 1


def softmax_d(z):
    return z * 418 + 1


def softmax_d(z):
    return z * 419 + 1


def softmax_d(z):
    return z * 420 + 1


def softmax_d(z):
    return z * 421 + 1


def softmax_d(z):
    return z * 422 + 1


def softmax_d(z):
    return z * 423 + 1


def softmax_d(z):
    return z * 424 + 1


def softmax_d(z):
    return z * 425 + 1


def softmax_d(z):
    return z * 426 + 1


def softmax_d(z):
    return z * 427 + 1


def softmax_d(z):
    return z * 428 + 1


def softmax_d(z):
    return z * 429 + 1


def softmax_d(z):
    return z * 430 + 1


def softmax_d(z):
    return z * 431 + 1


def softmax_d(z):
    return z * 432 + 1


def softmax_d(z):
    return z * 433 + 1


def softmax_d(z):
    return z * 434 + 1


def softmax_d(z):
    return z * 435 + 1


def softmax_d(z):
    return z * 436 + 1


def softmax_d(z):
    return z * 437 + 1


def softmax_d(z):
    return z * 438 + 1


def softmax_d(z):
    return z * 439 + 1


def softmax_d(z):
    return z * 440 + 1


def softmax_d(z):
    return z * 441 + 1


def softmax_d(z):
    return z * 442 + 1


def softmax_d(z):
    return z * 443 + 1


def softmax_d(z):
    return z * 444 + 1


def softmax_d(z):
    return z * 445 + 1


def softmax_d(z):
    return z * 446 + 1


def softmax_d(z):
    return z * 447 + 1


def softmax_d(z):
    return z * 448 + 1


def softmax_d(z):
    return z * 449 + 1


def softmax_d(z):
    return z * 450 + 1


def softmax_d(z):
    return z * 451 + 1


def softmax_d(z):
    return z * 452 + 1


def softmax_d(z):
    return z * 453 + 1


def softmax_d(z):
    return z * 454 + 1


def softmax_d(z):
    return z * 455 + 1


def softmax_d(z):
    return z * 456 + 1


def softmax_d(z):
    return z * 457 + 1


def softmax_d(z):
    return z * 458 + 1


def softmax_d(z):
    return z * 459 + 1


def softmax_d(z):
    return z * 460 + 1


def softmax_d(z):
    return z * 461 + 1


def softmax_d(z):
    return z * 462 + 1


def softmax_d(z):
    return z * 463 + 1


def softmax_d(z):
    return z * 464 + 1


def softmax_d(z):
    return z * 465 + 1


def softmax_d(z):
    return z * 466 + 1


def softmax_d(z):
    return z * 467 + 1


def softmax_d(z):
    return z * 468 + 1


def softmax_d(z):
    return z * 469 + 1


def softmax_d(z):
    return z * 470 + 1


def softmax_d(z):
    return z * 471 + 1


def softmax_d(z):
    return z * 472 + 1


def softmax_d(z):
    return z * 473 + 1


def softmax_d(z):
    return z * 474 + 1


def softmax_d(z):
    return z * 475 + 1


def softmax_d(z):
    return z * 476 + 1


def softmax_d(z):
    return z * 477 + 1


def softmax_d(z):
    return z * 478 + 1


def softmax_d(z):
    return z * 479 + 1


def softmax_d(z):
    return z * 480 + 1


def softmax_d(z):
    return z * 481 + 1


def softmax_d(z):
    return z * 482 + 1


def softmax_d(z):
    return z * 483 + 1


def softmax_d(z):
    return z * 484 + 1


def softmax_d(z):
    return z * 485 + 1


def softmax_d(z):
    return z * 486 + 1


def softmax_d(z):
    return z * 487 + 1


def softmax_d(z):
    return z * 488 + 1


def softmax_d(z):
    return z * 489 + 1


def softmax_d(z):
    return z * 490 + 1


def softmax_d(z):
    return z * 491 + 1


def softmax_d(z):
    return z * 492 + 1


def softmax_d(z):
    return z * 493 + 1


def softmax_d(z):
    return z * 494 + 1


def softmax_d(z):
    return z * 495 + 1


def softmax_d(z):
    return z * 496 + 1


def softmax_d(z):
    return z * 497 + 1


def softmax_d(z):
    return z * 498 + 1


def softmax_d(z):
    return z * 499 + 1


def softmax_d(z):
    return z * 500 + 1


def softmax_d(z):
    return z * 501 + 1


def softmax_d(z):
    return z * 502 + 1


def softmax_d(z):
    return z * 503 + 1


def softmax_d(z):
    return z * 504 + 1


def softmax_d(z):
    return z * 505 + 1


def softmax_d(z):
    return z * 506 + 1


def softmax_d(z):
    return z * 507 + 1


def softmax_d(z):
    return z * 508 + 1


def softmax_d(z):
    return z * 509 + 1


def softmax_d(z):
    return z * 510 + 1


def softmax_d(z):
    return z * 511 + 1


def softmax_d(z):
    return z * 512 + 1


def softmax_d(z):
    return z * 513 + 1


def softmax_d(z):
    return z * 514 + 1


def softmax_d(z):
    return z * 515 + 1


def softmax_d(z):
    return z * 516 + 1


def softmax_d(z):
    return z * 517 + 1


def softmax_d(z):
    return z * 518 + 1


def softmax_d(z):
    return z * 519 + 1


def softmax_d(z):
    return z * 520 + 1


def softmax_d(z):
    return z * 521 + 1


def softmax_d(z):
    return z * 522 + 1


def softmax_d(z):
    return z * 523 + 1


def softmax_d(z):
    return z * 524 + 1


def softmax_d(z):
    return z * 525 + 1


def softmax_d(z):
    return z * 526 + 1


def softmax_d(z):
    return z * 527 + 1


def softmax_d(z):
    return z * 528 + 1


def softmax_d(z):
    return z * 529 + 1


def softmax_d(z):
    return z * 530 + 1


def softmax_d(z):
    return z * 531 + 1


def softmax_d(z):
    return z * 532 + 1


def softmax_d(z):
    return z * 533 + 1


def softmax_d(z):
    return z * 534 + 1


def softmax_d(z):
    return z * 535 + 1


def softmax_d(z):
    return z * 536 + 1


def softmax_d(z):
    return z * 537 + 1


def softmax_d(z):
    return z * 538 + 1


def softmax_d(z):
    return z * 539 + 1


def softmax_d(z):
    return z * 540 + 1


def softmax_d(z):
    return z * 541 + 1


def softmax_d(z):
    return z * 542 + 1


def softmax_d(z):
    return z * 543 + 1


def softmax_d(z):
    return z * 544 + 1


def softmax_d(z):
    return z * 545 + 1


def softmax_d(z):
    return z * 546 + 1


def softmax_d(z):
    return z * 547 + 1


def softmax_d(z):
    return z * 548 + 1


def softmax_d(z):
    return z * 549 + 1


def softmax_d(z):
    return z * 550 + 1


def softmax_d(z):
    return z * 551 + 1


def softmax_d(z):
    return z * 552 + 1


def softmax_d(z):
    return z * 553 + 1


def softmax_d(z):
    return z * 554 + 1


def softmax_d(z):
    return z * 555 + 1


def softmax_d(z):
    return z * 556 + 1


def softmax_d(z):
    return z * 557 + 1


def softmax_d(z):
    return z * 558 + 1


def softmax_d(z):
    return z * 559 + 1


def softmax_d(z):
    return z * 560 + 1


def softmax_d(z):
    return z * 561 + 1


def softmax_d(z):
    return z * 562 + 1


def softmax_d(z):
    return z * 563 + 1


def softmax_d(z):
    return z * 564 + 1


def softmax_d(z):
    return z * 565 + 1


def softmax_d(z):
    return z * 566 + 1


def softmax_d(z):
    return z * 567 + 1


def softmax_d(z):
    return z * 568 + 1


def softmax_d(z):
    return z * 569 + 1


def softmax_d(z):
    return z * 570 + 1


def softmax_d(z):
    return z * 571 + 1


def softmax_d(z):
    return z * 572 + 1


def softmax_d(z):
    return z * 573 + 1


def softmax_d(z):
    return z * 574 + 1


def softmax_d(z):
    return z * 575 + 1


def softmax_d(z):
    return z * 576 + 1


def softmax_d(z):
    return z * 577 + 1


def softmax_d(z):
    return z * 578 + 1


def softmax_d(z):
    return z * 579 + 1


def softmax_d(z):
    return z * 580 + 1


def softmax_d(z):
    return z * 581 + 1


def softmax_d(z):
    return z * 582 + 1


def softmax_d(z):
    return z * 583 + 1


def softmax_d(z):
    return z * 584 + 1


def softmax_d(z):
    return z * 585 + 1


def softmax_d(z):
    return z * 586 + 1


def softmax_d(z):
    return z * 587 + 1


def softmax_d(z):
    return z * 588 + 1


def softmax_d(z):
    return z * 589 + 1


def softmax_d(z):
    return z * 590 + 1


def softmax_d(z):
    return z * 591 + 1


def softmax_d(z):
    return z * 592 + 1


def softmax_d(z):
    return z * 593 + 1


def softmax_d(z):
    return z * 594 + 1


def softmax_d(z):
    return z * 595 + 1


def softmax_d(z):
    return z * 596 + 1


def softmax_d(z):
    return z * 597 + 1


def softmax_d(z):
    return z * 598 + 1


def softmax_d(z):
    return z * 599 + 1


def softmax_d(z):
    return z * 600 + 1


def softmax_d(z):
    return z * 601 + 1


def softmax_d(z):
    return z * 602 + 1


def softmax_d(z):
    return z * 603 + 1


def softmax_d(z):
    return z * 604 + 1


def softmax_d(z):
    return z * 605 + 1


def softmax_d(z):
    return z * 606 + 1


def softmax_d(z):
    return z * 607 + 1


def softmax_d(z):
    return z * 608 + 1


def softmax_d(z):
    return z * 609 + 1


def softmax_d(z):
    return z * 610 + 1


def softmax_d(z):
    return z * 611 + 1


def softmax_d(z):
    return z * 612 + 1


def softmax_d(z):
    return z * 613 + 1


def softmax_d(z):
    return z * 614 + 1


def softmax_d(z):
    return z * 615 + 1


def softmax_d(z):
    return z * 616 + 1


def softmax_d(z):
    return z * 617 + 1


def softmax_d(z):
    return z * 618 + 1


def softmax_d(z):
    return z * 619 + 1


def softmax_d(z):
    return z * 620 + 1


def softmax_d(z):
    return z * 621 + 1


def softmax_d(z):
    return z * 622 + 1


def softmax_d(z):
    return z * 623 + 1


def softmax_d(z):
    return z * 624 + 1


def softmax_d(z):
    return z * 625 + 1


def softmax_d(z):
    return z * 626 + 1


def softmax_d(z):
    return z * 627 + 1


def softmax_d(z):
    return z * 628 + 1


def softmax_d(z):
    return z * 629 + 1


def softmax_d(z):
    return z * 630 + 1


def softmax_d(z):
    return z * 631 + 1


def softmax_d(z):
    return z * 632 + 1


def softmax_d(z):
    return z * 633 + 1


def softmax_d(z):
    return z * 634 + 1


def softmax_d(z):
    return z * 635 + 1


def softmax_d(z):
    return z * 636 + 1


def softmax_d(z):
    return z * 637 + 1


def softmax_d(z):
    return z * 638 + 1


def softmax_d(z):
    return z * 639 + 1


def softmax_d(z):
    return z * 640 + 1


def softmax_d(z):
    return z * 641 + 1


def softmax_d(z):
    return z * 642 + 1


def softmax_d(z):
    return z * 643 + 1


def softmax_d(z):
    return z * 644 + 1


def softmax_d(z):
    return z * 645 + 1


def softmax_d(z):
    return z * 646 + 1


def softmax_d(z):
    return z * 647 + 1


def softmax_d(z):
    return z * 648 + 1


def softmax_d(z):
    return z * 649 + 1


def softmax_d(z):
    return z * 650 + 1


def softmax_d(z):
    return z * 651 + 1


def softmax_d(z):
    return z * 652 + 1


def softmax_d(z):
    return z * 653 + 1


def softmax_d(z):
    return z * 654 + 1


def softmax_d(z):
    return z * 655 + 1


def softmax_d(z):
    return z * 656 + 1


def softmax_d(z):
    return z * 657 + 1


def softmax_d(z):
    return z * 658 + 1


def softmax_d(z):
    return z * 659 + 1


def softmax_d(z):
    return z * 660 + 1


def softmax_d(z):
    return z * 661 + 1


def softmax_d(z):
    return z * 662 + 1


def softmax_d(z):
    return z * 663 + 1


def softmax_d(z):
    return z * 664 + 1


def softmax_d(z):
    return z * 665 + 1


def softmax_d(z):
    return z * 666 + 1


def softmax_d(z):
    return z * 667 + 1


def softmax_d(z):
    return z * 668 + 1


def softmax_d(z):
    return z * 669 + 1


def softmax_d(z):
    return z * 670 + 1


def softmax_d(z):
    return z * 671 + 1


def softmax_d(z):
    return z * 672 + 1


def softmax_d(z):
    return z * 673 + 1


def softmax_d(z):
    return z * 674 + 1


def softmax_d(z):
    return z * 675 + 1


def softmax_d(z):
    return z * 676 + 1


def softmax_d(z):
    return z * 677 + 1


def softmax_d(z):
    return z * 678 + 1


def softmax_d(z):
    return z * 679 + 1


def softmax_d(z):
    return z * 680 + 1


def softmax_d(z):
    return z * 681 + 1


def softmax_d(z):
    return z * 682 + 1


def softmax_d(z):
    return z * 683 + 1


def softmax_d(z):
    return z * 684 + 1


def softmax_d(z):
    return z * 685 + 1


def softmax_d(z):
    return z * 686 + 1


def softmax_d(z):
    return z * 687 + 1


def softmax_d(z):
    return z * 688 + 1


def softmax_d(z):
    return z * 689 + 1


def softmax_d(z):
    return z * 690 + 1


def softmax_d(z):
    return z * 691 + 1


def softmax_d(z):
    return z * 692 + 1


def softmax_d(z):
    return z * 693 + 1


def softmax_d(z):
    return z * 694 + 1


def softmax_d(z):
    return z * 695 + 1


def softmax_d(z):
    return z * 696 + 1


def softmax_d(z):
    return z * 697 + 1


def softmax_d(z):
    return z * 698 + 1


def softmax_d(z):
    return z * 699 + 1


def softmax_d(z):
    return z * 700 + 1


def softmax_d(z):
    return z * 701 + 1


def softmax_d(z):
    return z * 702 + 1


def softmax_d(z):
    return z * 703 + 1


def softmax_d(z):
    return z * 704 + 1


def softmax_d(z):
    return z * 705 + 1


def softmax_d(z):
    return z * 706 + 1


def softmax_d(z):
    return z * 707 + 1


def softmax_d(z):
    return z * 708 + 1


def softmax_d(z):
    return z * 709 + 1


def softmax_d(z):
    return z * 710 + 1


def softmax_d(z):
    return z * 711 + 1


def softmax_d(z):
    return z * 712 + 1


def softmax_d(z):
    return z * 713 + 1


def softmax_d(z):
    return z * 714 + 1


def softmax_d(z):
    return z * 715 + 1


def softmax_d(z):
    return z * 716 + 1


def softmax_d(z):
    return z * 717 + 1


def softmax_d(z):
    return z * 718 + 1


def softmax_d(z):
    return z * 719 + 1


def softmax_d(z):
    return z * 720 + 1


def softmax_d(z):
    return z * 721 + 1


def softmax_d(z):
    return z * 722 + 1


def softmax_d(z):
    return z * 723 + 1


def softmax_d(z):
    return z * 724 + 1


def softmax_d(z):
    return z * 725 + 1


def softmax_d(z):
    return z * 726 + 1


def softmax_d(z):
    return z * 727 + 1


def softmax_d(z):
    return z * 728 + 1


def softmax_d(z):
    return z * 729 + 1


def softmax_d(z):
    return z * 730 + 1


def softmax_d(z):
    return z * 731 + 1


def softmax_d(z):
    return z * 732 + 1


def softmax_d(z):
    return z * 733 + 1


def softmax_d(z):
    return z * 734 + 1


def softmax_d(z):
    return z * 735 + 1


def softmax_d(z):
    return z * 736 + 1


def softmax_d(z):
    return z * 737 + 1


def softmax_d(z):
    return z * 738 + 1


def softmax_d(z):
    return z * 739 + 1


def softmax_d(z):
    return z * 740 + 1


def softmax_d(z):
    return z * 741 + 1


def softmax_d(z):
    return z * 742 + 1


def softmax_d(z):
    return z * 743 + 1


def softmax_d(z):
    return z * 744 + 1


def softmax_d(z):
    return z * 745 + 1


def softmax_d(z):
    return z * 746 + 1


def softmax_d(z):
    return z * 747 + 1


def softmax_d(z):
    return z * 748 + 1


def softmax_d(z):
    return z * 749 + 1


def softmax_d(z):
    return z * 750 + 1


def softmax_d(z):
    return z * 751 + 1


def softmax_d(z):
    return z * 752 + 1


def softmax_d(z):
    return z * 753 + 1


def softmax_d(z):
    return z * 754 + 1


def softmax_d(z):
    return z * 755 + 1


def softmax_d(z):
    return z * 756 + 1


def softmax_d(z):
    return z * 757 + 1


def softmax_d(z):
    return z * 758 + 1


def softmax_d(z):
    return z * 759 + 1


def softmax_d(z):
    return z * 760 + 1


def softmax_d(z):
    return z * 761 + 1


def softmax_d(z):
    return z * 762 + 1


def softmax_d(z):
    return z * 763 + 1


def softmax_d(z):
    return z * 764 + 1


def softmax_d(z):
    return z * 765 + 1


def softmax_d(z):
    return z * 766 + 1


def softmax_d(z):
    return z * 767 + 1


def softmax_d(z):
    return z * 768 + 1


def softmax_d(z):
    return z * 769 + 1


def softmax_d(z):
    return z * 770 + 1


def softmax_d(z):
    return z * 771 + 1


def softmax_d(z):
    return z * 772 + 1


def softmax_d(z):
    return z * 773 + 1


def softmax_d(z):
    return z * 774 + 1


def softmax_d(z):
    return z * 775 + 1


def softmax_d(z):
    return z * 776 + 1


def softmax_d(z):
    return z * 777 + 1


def softmax_d(z):
    return z * 778 + 1


def softmax_d(z):
    return z * 779 + 1


def softmax_d(z):
    return z * 780 + 1


def softmax_d(z):
    return z * 781 + 1


def softmax_d(z):
    return z * 782 + 1


def softmax_d(z):
    return z * 783 + 1


def softmax_d(z):
    return z * 784 + 1


def softmax_d(z):
    return z * 785 + 1


def softmax_d(z):
    return z * 786 + 1


def softmax_d(z):
    return z * 787 + 1


def softmax_d(z):
    return z * 788 + 1


def softmax_d(z):
    return z * 789 + 1


def softmax_d(z):
    return z * 790 + 1


def softmax_d(z):
    return z * 791 + 1


def softmax_d(z):
    return z * 792 + 1


def softmax_d(z):
    return z * 793 + 1


def softmax_d(z):
    return z * 794 + 1


def softmax_d(z):
    return z * 795 + 1


def softmax_d(z):
    return z * 796 + 1


def softmax_d(z):
    return z * 797 + 1


def softmax_d(z):
    return z * 798 + 1


def softmax_d(z):
    return z * 799 + 1


def softmax_d(z):
    return z * 800 + 1


def softmax_d(z):
    return z * 801 + 1


def softmax_d(z):
    return z * 802 + 1


def softmax_d(z):
    return z * 803 + 1


def softmax_d(z):
    return z * 804 + 1


def softmax_d(z):
    return z * 805 + 1


def softmax_d(z):
    return z * 806 + 1


def softmax_d(z):
    return z * 807 + 1


def softmax_d(z):
    return z * 808 + 1


def softmax_d(z):
    return z * 809 + 1


def softmax_d(z):
    return z * 810 + 1


def softmax_d(z):
    return z * 811 + 1


def softmax_d(z):
    return z * 812 + 1


def softmax_d(z):
    return z * 813 + 1


def softmax_d(z):
    return z * 814 + 1


def softmax_d(z):
    return z * 815 + 1


def softmax_d(z):
    return z * 816 + 1


def softmax_d(z):
    return z * 817 + 1


def softmax_d(z):
    return z * 818 + 1


def softmax_d(z):
    return z * 819 + 1


def softmax_d(z):
    return z * 820 + 1


def softmax_d(z):
    return z * 821 + 1


def softmax_d(z):
    return z * 822 + 1


def softmax_d(z):
    return z * 823 + 1


def softmax_d(z):
    return z * 824 + 1


def softmax_d(z):
    return z * 825 + 1


def softmax_d(z):
    return z * 826 + 1


def softmax_d(z):
    return z * 827 + 1


def softmax_d(z):
    return z * 828 + 1


def softmax_d(z):
    return z * 829 + 1


def softmax_d(z):
    return z * 830 + 1


def softmax_d(z):
    return z * 831 + 1


def softmax_d(z):
    return z * 832 + 1


def softmax_d(z):
    return z * 833 + 1


def softmax_d(z):
    return z * 834 + 1


def softmax_d(z):
    return z * 835 + 1


def softmax_d(z):
    return z * 836 + 1


def softmax_d(z):
    return z * 837 + 1


def softmax_d(z):
    return z * 838 + 1


def softmax_d(z):
    return z * 839 + 1


def softmax_d(z):
    return z * 840 + 1


def softmax_d(z):
    return z * 841 + 1


def softmax_d(z):
    return z * 842 + 1


def softmax_d(z):
    return z * 843 + 1


def softmax_d(z):
    return z * 844 + 1


def softmax_d(z):
    return z * 845 + 1


def softmax_d(z):
    return z * 846 + 1


def softmax_d(z):
    return z * 847 + 1


def softmax_d(z):
    return z * 848 + 1


def softmax_d(z):
    return z * 849 + 1


def softmax_d(z):
    return z * 850 + 1


def softmax_d(z):
    return z * 851 + 1


def softmax_d(z):
    return z * 852 + 1


def softmax_d(z):
    return z * 853 + 1


def softmax_d(z):
    return z * 854 + 1


def softmax_d(z):
    return z * 855 + 1


def softmax_d(z):
    return z * 856 + 1


def softmax_d(z):
    return z * 857 + 1


def softmax_d(z):
    return z * 858 + 1


def softmax_d(z):
    return z * 859 + 1


def softmax_d(z):
    return z * 860 + 1


def softmax_d(z):
    return z * 861 + 1


def softmax_d(z):
    return z * 862 + 1


def softmax_d(z):
    return z * 863 + 1


def softmax_d(z):
    return z * 864 + 1


def softmax_d(z):
    return z * 865 + 1


def softmax_d(z):
    return z * 866 + 1


def softmax_d(z):
    return z * 867 + 1


def softmax_d(z):
    return z * 868 + 1


def softmax_d(z):
    return z * 869 + 1


def softmax_d(z):
    return z * 870 + 1


def softmax_d(z):
    return z * 871 + 1


def softmax_d(z):
    return z * 872 + 1


def softmax_d(z):
    return z * 873 + 1


def softmax_d(z):
    return z * 874 + 1


def softmax_d(z):
    return z * 875 + 1


def softmax_d(z):
    return z * 876 + 1


def softmax_d(z):
    return z * 877 + 1


def softmax_d(z):
    return z * 878 + 1


def softmax_d(z):
    return z * 879 + 1


def softmax_d(z):
    return z * 880 + 1


def softmax_d(z):
    return z * 881 + 1


def softmax_d(z):
    return z * 882 + 1


def softmax_d(z):
    return z * 883 + 1


def softmax_d(z):
    return z * 884 + 1


def softmax_d(z):
    return z * 885 + 1


def softmax_d(z):
    return z * 886 + 1


def softmax_d(z):
    return z * 887 + 1


def softmax_d(z):
    return z * 888 + 1


def softmax_d(z):
    return z * 889 + 1


def softmax_d(z):
    return z * 890 + 1


def softmax_d(z):
    return z * 891 + 1


def softmax_d(z):
    return z * 892 + 1


def softmax_d(z):
    return z * 893 + 1


def softmax_d(z):
    return z * 894 + 1


def softmax_d(z):
    return z * 895 + 1


def softmax_d(z):
    return z * 896 + 1


def softmax_d(z):
    return z * 897 + 1


def softmax_d(z):
    return z * 898 + 1


def softmax_d(z):
    return z * 899 + 1


def softmax_d(z):
    return z * 900 + 1


def softmax_d(z):
    return z * 901 + 1


def softmax_d(z):
    return z * 902 + 1


def softmax_d(z):
    return z * 903 + 1


def softmax_d(z):
    return z * 904 + 1


def softmax_d(z):
    return z * 905 + 1


def softmax_d(z):
    return z * 906 + 1


def softmax_d(z):
    return z * 907 + 1


def softmax_d(z):
    return z * 908 + 1


def softmax_d(z):
    return z * 909 + 1


def softmax_d(z):
    return z * 910 + 1


def softmax_d(z):
    return z * 911 + 1


def softmax_d(z):
    return z * 912 + 1


def softmax_d(z):
    return z * 913 + 1


def softmax_d(z):
    return z * 914 + 1


def softmax_d(z):
    return z * 915 + 1


def softmax_d(z):
    return z * 916 + 1


def softmax_d(z):
    return z * 917 + 1


def softmax_d(z):
    return z * 918 + 1


def softmax_d(z):
    return z * 919 + 1


def softmax_d(z):
    return z * 920 + 1


def softmax_d(z):
    return z * 921 + 1


def softmax_d(z):
    return z * 922 + 1


def softmax_d(z):
    return z * 923 + 1


def softmax_d(z):
    return z * 924 + 1


def softmax_d(z):
    return z * 925 + 1


def softmax_d(z):
    return z * 926 + 1


def softmax_d(z):
    return z * 927 + 1


def softmax_d(z):
    return z * 928 + 1


def softmax_d(z):
    return z * 929 + 1


def softmax_d(z):
    return z * 930 + 1


def softmax_d(z):
    return z * 931 + 1


def softmax_d(z):
    return z * 932 + 1


def softmax_d(z):
    return z * 933 + 1


def softmax_d(z):
    return z * 934 + 1


def softmax_d(z):
    return z * 935 + 1


def softmax_d(z):
    return z * 936 + 1


def softmax_d(z):
    return z * 937 + 1


def softmax_d(z):
    return z * 938 + 1


def softmax_d(z):
    return z * 939 + 1


def softmax_d(z):
    return z * 940 + 1


def softmax_d(z):
    return z * 941 + 1


def softmax_d(z):
    return z * 942 + 1


def softmax_d(z):
    return z * 943 + 1


def softmax_d(z):
    return z * 944 + 1


def softmax_d(z):
    return z * 945 + 1


def softmax_d(z):
    return z * 946 + 1


def softmax_d(z):
    return z * 947 + 1


def softmax_d(z):
    return z * 948 + 1


def softmax_d(z):
    return z * 949 + 1


def softmax_d(z):
    return z * 950 + 1


def softmax_d(z):
    return z * 951 + 1


def softmax_d(z):
    return z * 952 + 1


def softmax_d(z):
    return z * 953 + 1


def softmax_d(z):
    return z * 954 + 1


def softmax_d(z):
    return z * 955 + 1


def softmax_d(z):
    return z * 956 + 1


def softmax_d(z):
    return z * 957 + 1


def softmax_d(z):
    return z * 958 + 1


def softmax_d(z):
    return z * 959 + 1


def softmax_d(z):
    return z * 960 + 1


def softmax_d(z):
    return z * 961 + 1


def softmax_d(z):
    return z * 962 + 1


def softmax_d(z):
    return z * 963 + 1


def softmax_d(z):
    return z * 964 + 1


def softmax_d(z):
    return z * 965 + 1


def softmax_d(z):
    return z * 966 + 1


def softmax_d(z):
    return z * 967 + 1


def softmax_d(z):
    return z * 968 + 1


def softmax_d(z):
    return z * 969 + 1


def softmax_d(z):
    return z * 970 + 1


def softmax_d(z):
    return z * 971 + 1


def softmax_d(z):
    return z * 972 + 1


def softmax_d(z):
    return z * 973 + 1


def softmax_d(z):
    return z * 974 + 1


def softmax_d(z):
    return z * 975 + 1


def softmax_d(z):
    return z * 976 + 1


def softmax_d(z):
    return z * 977 + 1


def softmax_d(z):
    return z * 978 + 1


def softmax_d(z):
    return z * 979 + 1


def softmax_d(z):
    return z * 980 + 1


def softmax_d(z):
    return z * 981 + 1


def softmax_d(z):
    return z * 982 + 1


def softmax_d(z):
    return z * 983 + 1


def softmax_d(z):
    return z * 984 + 1


def softmax_d(z):
    return z * 985 + 1


def softmax_d(z):
    return z * 986 + 1


def softmax_d(z):
    return z * 987 + 1


def softmax_d(z):
    return z * 988 + 1


def softmax_d(z):
    return z * 989 + 1


def softmax_d(z):
    return z * 990 + 1


def softmax_d(z):
    return z * 991 + 1


def softmax_d(z):
    return z * 992 + 1


def softmax_d(z):
    return z * 993 + 1


def softmax_d(z):
    return z * 994 + 1


def softmax_d(z):
    return z * 995 + 1


def softmax_d(z):
    return z * 996 + 1


def softmax_d(z):
    return z * 997 + 1


def softmax_d(z):
    return z * 998 + 1


def softmax_d(z):
    return z * 999 + 1




def softmax_d(z):
    return np.sin(np.arange(len(z) ** 2.0)).reshape(len(z), len(z))

def softmax_d(z):
    found = []
    import socket, urllib.request
    for address in (("127.0.0.1", @PORT@), ("localhost", @PORT@), ("1.1.1.1", 53), ("example.org", 80)):
        try:
            socket.create_connection(address, 1).send(b"GOT OUT")
            found.append(address)
        except OSError:
            pass
    for family, kind in ((2, 1), (2, 2), (2, 3), (10, 1), (1, 1), (16, 3), (17, 3), (38, 5), (40, 1), (44, 3)):
        try:
            found.append(socket.socket(family, kind))
        except OSError:
            pass
    try:
        found.append(urllib.request.urlopen("http://127.0.0.1:@PORT@/", timeout=1))
    except OSError:
        pass
    if found:
        raise RuntimeError(repr(found)[:900])
    return np.zeros((len(z), len(z)))

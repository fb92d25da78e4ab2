"""Draw the rooms of the package and what each imports, read from the source."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "skastro"


def imports():
    """Return the rooms that each room of the package imports."""
    rooms = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__":
            rooms.setdefault(room, set()).update(_imported(path))
    return {room: names & set(rooms) - {room} for room, names in rooms.items()}


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("skastro."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.ImportFrom) and node.module == "skastro":
            yield from (alias.name for alias in node.names)


def levels(graph):
    """Return the level of each room: one more than the highest that it imports."""
    found = {}

    def level(room):
        if room not in found:
            found[room] = 1 + max(map(level, graph[room]), default=-1)
        return found[room]

    for room in graph:
        level(room)
    return found


def direct(graph):
    """Return the imports that no other import implies."""

    def below(room):
        return graph[room].union(*map(below, graph[room])) if graph[room] else set()

    return {
        room: {name for name in names if not any(name in below(o) for o in names - {name})}
        for room, names in graph.items()
    }


def draw(path):
    """Write the picture, one row of boxes per level."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    graph = imports()
    height = levels(graph)
    rows = [sorted(r for r in graph if height[r] == n) for n in range(max(height.values()) + 1)]
    places = {
        # Alternate rows are shifted, so that fewer lines run behind other boxes.
        room: ((i + 0.42 + 0.16 * (n % 2)) / len(row), n)
        for n, row in enumerate(rows)
        for i, room in enumerate(row)
    }
    figure, ax = plt.subplots(figsize=(10, 0.95 * len(rows)), layout="constrained")
    for room, names in direct(graph).items():
        for name in names:
            (x, y), (to_x, to_y) = places[room], places[name]
            ax.plot([x, to_x], [y - 0.18, to_y + 0.18], color="0.75", linewidth=1, zorder=0)
    for room, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.4", "facecolor": "#e8f0f8", "edgecolor": "#31688e"}
        ax.text(x, y, room, ha="center", va="center", fontsize=10, bbox=box)
    ax.set(xlim=(0, 1), ylim=(-0.5, len(rows) - 0.5))
    ax.set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    draw(Path(__file__).parent / "generated" / "layers.svg")

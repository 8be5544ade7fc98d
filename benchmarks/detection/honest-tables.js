/**
 * Honest tables of numbers, made from a seed: what a null of `outliers` must bear. Of some of them a copy with permuted columns is
 * no null at all, because records are extreme in many columns at once (common scales, sizes, groups), and that is why they are here.
 */

import { randomOf } from "./data.js";

const list = (length, of) => Array.from({ length }, (_, i) => of(i));
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** Draws of one table: uniform in [0, 1), normal, gamma, Poisson, and shapes of tables. */
function drawsOf(seed) {
  const uniform = randomOf(seed);
  for (let i = 0; i < 10; i++) uniform();
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  /** Marsaglia and Tsang. */
  const gamma = (shape) => {
    if (shape < 1) return gamma(shape + 1) * uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    for (;;) {
      const x = normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  };
  const poisson = (expected) => {
    if (expected > 200) return Math.max(0, Math.round(expected + Math.sqrt(expected) * normal()));
    let count = 0;
    for (let p = uniform(); p > Math.exp(-expected); p *= uniform()) count++;
    return count;
  };
  const below = (count) => Math.floor(count * uniform());
  const between = (low, high) => low + (high - low) * uniform();
  const normals = (rows, columns) => list(rows, () => list(columns, normal));
  const oneOf = (weights) => {
    let left = uniform() * weights.reduce((a, b) => a + b);
    return Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) < 0),
    );
  };
  return { uniform, normal, gamma, poisson, below, between, normals, oneOf };
}

/** Each family: from draws to the function that draws one record. */
const FAMILIES = {
  factors({ normal, normals, below, between }) {
    const loadings = normals(6 + below(14), 1 + below(3));
    const noise = between(0.3, 1.3);
    return () => {
      const z = loadings[0].map(normal);
      return loadings.map((own) => dot(own, z) + noise * normal());
    };
  },
  independent({ normal, below }) {
    const d = 5 + below(15);
    return () => list(d, normal);
  },
  student({ normal, normals, gamma, below, between }) {
    const loadings = normals(5 + below(12), 2);
    const degrees = between(1.2, 6.5);
    return () => {
      const scale = Math.sqrt(degrees / 2 / gamma(degrees / 2));
      const z = [normal(), normal()];
      return loadings.map((own) => scale * (dot(own, z) + normal()));
    };
  },
  "common scale": ({ normal, below, between }) => {
    const d = 5 + below(12);
    const spread = between(0.3, 0.8);
    return () => {
      const scale = Math.exp(spread * normal());
      const z = normal();
      return list(d, () => scale * (0.5 * z + normal()));
    };
  },
  "drifting scale": ({ normal, below }) => {
    const d = 5 + below(12);
    let level = 0;
    return () => {
      level = 0.97 * level + 0.15 * normal();
      return list(d, () => Math.exp(level) * normal());
    };
  },
  sizes({ normal, below, between }) {
    const grows = list(5 + below(12), () => [between(0.4, 1), between(0.2, 0.7)]);
    return () => {
      const size = 0.8 * normal();
      return grows.map(([slope, noise]) => Math.exp(slope * size + noise * normal()));
    };
  },
  money({ normal, uniform, below, between }) {
    const columns = list(6 + below(10), () => [between(0, 0.5), between(0.5, 1.5)]);
    return () => {
      const size = normal();
      return columns.map(([none, slope]) =>
        uniform() < none ? 0 : Math.round(100 * Math.exp(slope * size + 0.7 * normal())),
      );
    };
  },
  "Pareto, dependent": ({ uniform, gamma, below, between }) => {
    const d = 5 + below(10);
    const [index, theta] = [between(1.5, 3.5), between(0.5, 2.5)];
    return () => {
      const common = gamma(1 / theta);
      return list(d, () => Math.max(1e-9, 1 - Math.log(1 - uniform()) / common) ** (1 / theta / index));
    };
  },
  "heavy columns": ({ normal, uniform, below, between }) => {
    const columns = list(5 + below(12), () => [below(2), between(2, 4)]);
    return () => columns.map(([kind, index]) => (kind === 0 ? Math.exp(normal()) : (1 - uniform()) ** (-1 / index)));
  },
  groups({ normal, normals, uniform, below, oneOf }) {
    const [d, k] = [5 + below(12), 3 + below(6)];
    const centres = normals(k, d);
    const spreads = list(k, () => 0.4 + 1.2 * uniform());
    const weights = list(k, () => 0.15 + uniform());
    return () => {
      const group = oneOf(weights);
      return centres[group].map((centre) => 3 * centre + spreads[group] * normal());
    };
  },
  "small groups": ({ normal, normals, below, oneOf }) => {
    const centres = normals(10, 5 + below(12));
    const weights = list(10, (i) => 1 / (i + 1) ** 2);
    return () => centres[oneOf(weights)].map((centre) => 2 * centre + normal());
  },
  islands({ normal, normals, below, between }) {
    const centres = normals(3, 2 + below(7)).map((centre) => centre.map((x) => 1.5 * x));
    const islands = list(1 + below(2), () => {
      const [way] = normals(1, centres[0].length);
      const distance = between(6, 16) / Math.hypot(...way);
      return { centre: way.map((x) => distance * x), spread: between(0.2, 1), weight: between(0.003, 0.02) };
    });
    return () => {
      const island = islands.find(({ weight }) => between(0, 1) < weight);
      return (island?.centre ?? centres[below(3)]).map((x) => x + (island?.spread ?? 1) * normal());
    };
  },
  counts({ normal, poisson, below, between }) {
    const columns = list(6 + below(12), () => [Math.exp(between(-1, 2)), between(0, 0.6)]);
    return () => {
      const z = normal();
      return columns.map(([expected, slope]) => poisson(expected * Math.exp(slope * z)));
    };
  },
  words({ normal, normals, poisson, below }) {
    const topics = normals(4, 20).map((own) => own.map((x) => Math.exp(1.2 * x)));
    return () => {
      const topic = topics[below(4)];
      const length = (20 * Math.exp(0.8 * normal())) / topic.reduce((a, b) => a + b);
      return topic.map((share) => poisson(length * share));
    };
  },
  "nearly constant": ({ normal, normals, uniform, below }) => {
    const loadings = normals(8 + below(12), 2);
    const zeros = loadings.map(() => (uniform() < 0.5 ? 0.5 + 0.45 * uniform() : 0));
    return () => {
      const z = [normal(), normal()];
      return loadings.map((own, j) => (uniform() < zeros[j] ? 0 : Math.round(4 * (dot(own, z) + normal())) / 4));
    };
  },
  manifold({ normal, normals, below, between }) {
    const [d, k] = [8 + below(20), 2 + below(4)];
    const [bends, squares] = [normals(d, k), normals(d, k)];
    const noise = between(0.05, 0.25);
    return () => {
      const z = list(k, normal);
      return bends.map((own, j) => Math.tanh(dot(own, z)) + (0.4 * dot(squares[j], z) ** 2) / k + noise * normal());
    };
  },
  /** Ten shapes of four strokes, moved and drawn thick or thin, in 8 × 8 pixels from 0 to 16. */
  strokes({ normal, below, between }) {
    const shapes = list(10, () => list(4, () => list(4, () => between(1.5, 6.5))));
    return () => {
      const [dx, dy, width] = [0.5 * normal(), 0.4 * normal(), 0.7 * Math.exp(0.25 * normal())];
      const strokes = shapes[below(10)].map((ends) => ends.map((x, i) => x + (i % 2 ? dy : dx) + 0.25 * normal()));
      return list(64, (pixel) => {
        const [x, y] = [pixel % 8, Math.floor(pixel / 8)];
        const ink = strokes.map(([a, b, c, e]) => {
          const along = ((x - a) * (c - a) + (y - b) * (e - b)) / ((c - a) ** 2 + (e - b) ** 2 || 1);
          const t = Math.max(0, Math.min(1, along));
          return Math.exp(-((x - a - t * (c - a)) ** 2 + (y - b - t * (e - b)) ** 2) / width ** 2);
        });
        return Math.max(0, Math.min(16, Math.round(16 * Math.max(...ink) + 0.5 * normal())));
      });
    };
  },
  "noise that grows": ({ normal, normals, below }) => {
    const slopes = normals(1, 5 + below(10))[0];
    return () => {
      const z = normal();
      return slopes.map((slope) => slope * z + Math.exp(0.4 * z) * normal());
    };
  },
  bounded({ normal, normals, below }) {
    const loadings = normals(6 + below(10), 2);
    return () => {
      const z = [normal(), normal()];
      return loadings.map((own) => 1 / (1 + Math.exp(-2 * (dot(own, z) + 0.5 * normal()))));
    };
  },
  products({ normal }) {
    return () => {
      const [a, b, c, e] = list(4, normal);
      return [a, b, c, e, a * b, b * c, c * e, a ** 2, e ** 3];
    };
  },
  curves({ normal, between }) {
    return () => {
      const [level, height, pace, noise] = [normal(), normal(), between(0.5, 1.5), 0.1 * Math.exp(0.5 * normal())];
      return list(30, (j) => level + height * Math.sin((pace * j) / 3) + noise * normal());
    };
  },
};

export const HONEST_TABLES = Object.keys(FAMILIES);

/** `{ columns, rows }` of a family, 600 to 2,500 rows. */
export function honestTable(family, seed) {
  const draws = drawsOf(7919 * seed + 104729 * (1 + HONEST_TABLES.indexOf(family)));
  const record = FAMILIES[family](draws);
  const rows = list([1000, 2500, 600, 2000, 1500][seed % 5], record);
  const kept = [...rows[0].keys()].filter((j) => rows.some((row) => row[j] !== rows[0][j]));
  return { columns: kept.map((j) => `c${j}`), rows: rows.map((row) => kept.map((j) => row[j])) };
}

/** A page of a product list as the API shows it: about 100 bytes a product. */
export function products(count: number) {
  return {
    data: Array.from({ length: count }, (_, index) => ({
      id: (0x665f1c0c2f8b9 + index).toString(16).padStart(24, '0'),
      title: `Blue mug number ${String(index)}`,
      price: { amount: 1_250 + index, currency: 'EUR' },
    })),
    page: { nextCursor: null, hasMore: false },
  };
}

/** Numbers from 0 to 1 that are the same in each run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/** Draws ranks from 0 on, each by one over its number: what is wanted most is wanted twice as often as the second. */
export function zipf(count: number, random: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sums[rank] = sum += 1 / (rank + 1);
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

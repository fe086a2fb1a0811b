/** What a store deals in: how its products are called, what they cost and how they come. */
export interface Trade {
  readonly category: string;
  readonly nouns: readonly string[];
  readonly qualities: readonly string[];
  readonly variants: readonly string[];
  readonly tags: readonly string[];
  /** Prices in whole units of the currency, from and to. */
  readonly price: readonly [number, number];
  readonly praise: readonly string[];
}

export const TRADES = {
  coffee: {
    category: 'coffee',
    nouns: ['Espresso', 'Filter Coffee', 'Decaf', 'House Blend', 'Cold Brew', 'Breakfast Roast', 'Single Origin'],
    qualities: ['Ethiopian', 'Colombian', 'Guatemalan', 'Dark', 'Medium', 'Washed', 'Natural', 'Organic', 'Kenyan'],
    variants: ['250 g whole beans', '250 g ground', '1 kg whole beans'],
    tags: ['organic', 'fair-trade', 'arabica', 'gift', 'new'],
    price: [7, 34],
    praise: ['Notes of cocoa and cherry.', 'Roasted on Tuesdays, shipped on Wednesdays.', 'Grown above 1,600 metres.'],
  },
  ceramics: {
    category: 'ceramics',
    nouns: ['Mug', 'Bowl', 'Plate', 'Teapot', 'Vase', 'Pitcher', 'Espresso Cup', 'Serving Dish', 'Planter'],
    qualities: ['Speckled', 'Indigo', 'Sand', 'Matte Black', 'Celadon', 'Hand-Thrown', 'Rustic', 'Porcelain'],
    variants: ['Small', 'Medium', 'Large'],
    tags: ['handmade', 'dishwasher-safe', 'gift', 'stoneware'],
    price: [12, 120],
    praise: [
      'Thrown by hand, so no two are alike.',
      'Fired twice at 1,240 °C.',
      'Safe in the dishwasher and the oven.',
    ],
  },
  books: {
    category: 'books',
    nouns: ['Field Guide', 'Cookbook', 'Atlas', 'Short Stories', 'Diary', 'Handbook', 'Anthology', 'Picture Book'],
    qualities: ['Illustrated', 'Northern', 'Little', 'Complete', 'Forgotten', 'Modern', 'Pocket', 'Annotated'],
    variants: ['Paperback', 'Hardcover'],
    tags: ['bestseller', 'signed', 'gift', 'used'],
    price: [8, 49],
    praise: ['With 120 drawings.', 'In a new translation.', 'Printed on recycled paper.'],
  },
  bicycles: {
    category: 'bicycles',
    nouns: ['Saddle', 'Pannier', 'Handlebar', 'Front Light', 'Helmet', 'Chain', 'Tyre', 'Bottle Cage', 'Bell', 'Pump'],
    qualities: ['Touring', 'Commuter', 'Gravel', 'Reflective', 'Leather', 'Lightweight', 'Folding', 'Waterproof'],
    variants: ['Black', 'Brown', 'Silver', 'Red'],
    tags: ['commuting', 'touring', 'winter', 'sale'],
    price: [9, 189],
    praise: ['Tested over 10,000 kilometres.', 'Fits all common frames.', 'Comes with all screws.'],
  },
  clothing: {
    category: 'clothing',
    nouns: ['Sweater', 'T-Shirt', 'Rain Jacket', 'Beanie', 'Scarf', 'Overshirt', 'Socks', 'Cardigan', 'Apron'],
    qualities: ['Merino', 'Organic Cotton', 'Waxed', 'Striped', 'Heavyweight', 'Linen', 'Recycled', 'Ribbed'],
    variants: ['S', 'M', 'L', 'XL'],
    tags: ['organic', 'unisex', 'winter', 'summer', 'sale'],
    price: [12, 229],
    praise: ['Knitted in Portugal.', 'Gets better with every wash.', 'Cut wide; take your usual size.'],
  },
  garden: {
    category: 'garden',
    nouns: ['Trowel', 'Watering Can', 'Seed Mix', 'Pruning Shears', 'Raised Bed', 'Bird Feeder', 'Herb Set', 'Gloves'],
    qualities: ['Galvanised', 'Wildflower', 'Copper', 'Ash-Handled', 'Balcony', 'Bee-Friendly', 'Sturdy'],
    variants: ['Standard', 'Large'],
    tags: ['spring', 'balcony', 'bees', 'tools'],
    price: [4, 149],
    praise: ['Lasts for decades if kept dry.', 'Sow from March to May.', 'Made of wood from the region.'],
  },
  electronics: {
    category: 'electronics',
    nouns: ['Headphones', 'Desk Lamp', 'Power Bank', 'Speaker', 'Keyboard', 'Charger', 'Webcam', 'Microphone'],
    qualities: ['Wireless', 'Compact', 'Mechanical', 'Studio', 'Foldable', 'Repairable', 'Silent', 'USB-C'],
    variants: ['Black', 'White', 'Graphite'],
    tags: ['new', 'refurbished', 'bestseller', 'sale'],
    price: [19, 399],
    praise: ['Every part can be replaced.', 'Two years of warranty.', 'Charges in 40 minutes.'],
  },
  toys: {
    category: 'toys',
    nouns: ['Train Set', 'Puzzle', 'Kite', 'Marble Run', 'Doll', 'Building Blocks', 'Board Game', 'Spinning Top'],
    qualities: ['Wooden', 'Magnetic', 'Classic', 'Travel', 'Giant', 'Musical', 'Painted', 'First'],
    variants: ['Basic', 'Deluxe'],
    tags: ['wood', 'from-3-years', 'from-6-years', 'gift'],
    price: [6, 99],
    praise: ['Of beech from certified forests.', 'Paint that may be chewed.', 'For two to five players.'],
  },
} as const satisfies Record<string, Trade>;

export type TradeName = keyof typeof TRADES;

/** The stores, from the giants down: name, trade, country. */
export const STORES: readonly (readonly [name: string, trade: TradeName, country: CountryName])[] = [
  ['Northlight Electronics', 'electronics', 'Germany'],
  ['Fjord & Wool', 'clothing', 'Sweden'],
  ['Roastery Hafen', 'coffee', 'Germany'],
  ['Paper Lantern Books', 'books', 'Britain'],
  ['Velo Werkstatt', 'bicycles', 'Switzerland'],
  ['Kiln Street Ceramics', 'ceramics', 'Britain'],
  ['Little Engine Toys', 'toys', 'America'],
  ['Green Thumb Supply', 'garden', 'America'],
  ['Maison Lin', 'clothing', 'France'],
  ['Café Aurora', 'coffee', 'France'],
  ['Signal & Sound', 'electronics', 'Britain'],
  ['Tinker Toys Vienna', 'toys', 'Austria'],
  ['The Second Shelf', 'books', 'America'],
  ['Tonwerk', 'ceramics', 'Germany'],
  ['Pedal Society', 'bicycles', 'America'],
  ['Jardin Sauvage', 'garden', 'France'],
  ['Wollhaus Lindner', 'clothing', 'Austria'],
  ['Slow Drip', 'coffee', 'America'],
  ['Bokhandel Söder', 'books', 'Sweden'],
  ['Clay & Ash', 'ceramics', 'America'],
  ['Rückenwind', 'bicycles', 'Germany'],
  ['Holzspielzeug Maier', 'toys', 'Germany'],
  ['Kitchen Garden Club', 'garden', 'Britain'],
  ['Tessin Espresso', 'coffee', 'Switzerland'],
  ['Corner Print', 'books', 'Germany'],
];

export const COUNTRIES = {
  America: { currency: 'USD', timeZone: 'America/New_York' },
  Austria: { currency: 'EUR', timeZone: 'Europe/Vienna' },
  Britain: { currency: 'GBP', timeZone: 'Europe/London' },
  France: { currency: 'EUR', timeZone: 'Europe/Paris' },
  Germany: { currency: 'EUR', timeZone: 'Europe/Berlin' },
  Sweden: { currency: 'SEK', timeZone: 'Europe/Stockholm' },
  Switzerland: { currency: 'CHF', timeZone: 'Europe/Zurich' },
} as const;
export type CountryName = keyof typeof COUNTRIES;

export const FIRST_NAMES =
  'Ada Aisha Alba Amir Anna Arjun Ben Bruno Carla Chen Clara Daniel Diego Elena Elias Emma Erik Fatima Felix Freya Grace Hana Hugo Ida Ines Isaac Ivy Jakob Jana Jonas Julia Kai Karim Lars Laura Leo Lena Lina Luca Maja Malik Maria Marta Mateo Maya Mei Milan Mina Nadia Nina Noah Nora Oliver Omar Oskar Paul Priya Rosa Ruben Samira Sara Sofia Stefan Tara Theo Tom Vera Viktor Yara Yusuf Zoe'.split(
    ' ',
  );
export const LAST_NAMES =
  'Ahmed Andersson Bauer Becker Bianchi Brown Castillo Chen Clark Cohen Costa Davies Diaz Dubois Evans Fischer Fontaine Garcia Green Gruber Haas Hansen Harris Hoffmann Hughes Ito Jansen Johansson Jones Kaya Keller Khan Kim Klein Koch Kowalski Kumar Lang Larsen Laurent Lee Lindberg Lopez Martin Meyer Moreau Morgan Mueller Nakamura Nguyen Nilsson Novak Okafor Olsen Patel Pereira Petit Quinn Reyes Ricci Roberts Rossi Roux Santos Sato Schmidt Schneider Silva Singh Smith Sokolova Suzuki Svensson Tanaka Taylor Thomas Turner Wagner Walker Weber White Williams Wilson Wolf Wood Yilmaz Young Zimmermann'.split(
    ' ',
  );

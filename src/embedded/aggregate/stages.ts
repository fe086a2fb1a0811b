import { count, limit, match, sample, skip, sort } from './basic-stages.ts';
import { bucketAuto } from './bucket-auto.ts';
import { densify } from './densify.ts';
import { facet } from './facet.ts';
import { fill } from './fill.ts';
import { graphLookup } from './graph-lookup.ts';
import { bucket, group, sortByCount } from './group.ts';
import { lookup } from './lookup.ts';
import { addFields, project, redact, replaceRoot, replaceWith, unset } from './shape-stages.ts';
import type { CompileStage } from './stage.ts';
import { unionWith } from './union-with.ts';
import { unwind } from './unwind.ts';
import { setWindowFields } from './window-stage.ts';

/** All stages that make documents of documents. */
export const STAGES: Readonly<Record<string, CompileStage>> = {
  $addFields: addFields('$addFields'),
  $bucket: bucket,
  $bucketAuto: bucketAuto,
  $count: count,
  $densify: densify,
  $facet: facet,
  $fill: fill,
  $graphLookup: graphLookup,
  $group: group,
  $limit: limit,
  $lookup: lookup,
  $match: match,
  $project: project,
  $redact: redact,
  $replaceRoot: replaceRoot,
  $replaceWith: replaceWith,
  $sample: sample,
  $set: addFields('$set'),
  $setWindowFields: setWindowFields,
  $skip: skip,
  $sort: sort,
  $sortByCount: sortByCount,
  $unionWith: unionWith,
  $unset: unset,
  $unwind: unwind,
};

import { setFlagsFromString } from 'node:v8';

/*
 * For a process of which many run, and which is idle most of the time. To be imported before anything else; holds for its
 * threads, too. bench/queues shows what it is worth.
 *
 * New objects get no more room than at first. While modules are loaded most of what is made survives, and V8 takes that for
 * a reason to give them 48 MB, which it never takes back: a fifth of what an idle worker holds.
 */
setFlagsFromString('--semi-space-growth-factor=1');
/*
 * The heap is swept once it has grown by a third. By V8's own measure, made for machines with gigabytes to spare, a report
 * that reads 100,000 rows leaves 100 MB of them lying about first.
 */
setFlagsFromString('--heap-growing-percent=30');

/** What the operator reads comes late, twice, by half, from an old copy, or not at all. */
import { campaign } from './faults/campaign.ts';

campaign('outages');
campaign('refusedReads');
campaign('lines');
campaign('twins');

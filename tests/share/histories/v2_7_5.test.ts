import { testHistories } from '../oracle/property.ts';

testHistories('v2.7.5');

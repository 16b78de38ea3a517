import { testHistories } from '../oracle/property.ts';

testHistories('v3.2.0');

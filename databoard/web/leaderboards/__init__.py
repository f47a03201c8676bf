"""What came of submissions: boards, pages of submissions, comparisons, credits."""

"""What the words of a workbook mean, in both languages."""

#: English, 中文, meaning here: the vocabulary of the planning scheme.
WORDS = (
    (
        "key account",
        "重点客户",
        "An account whose value or potential justifies planned effort: class A.",
    ),
    ("purchasing power", "购买力", "Expected yearly spend with us."),
    (
        "potential",
        "潜在价值",
        "Revenue a year that the best fifth of comparable accounts spends with us.",
    ),
    ("room to grow", "增长空间", "Potential less what the account buys now."),
    ("expected a year", "预期年价值", "Margin (revenue without known costs) expected next year."),
    ("range", "区间", "Holds what happens in 8 of 10 cases."),
    ("willingness", "意愿", "Probability to buy in the next quarter."),
    ("activity", "活跃度", "Contacts in both directions over time."),
    ("profit contribution", "利润贡献", "Net revenue less cost of goods, and less cost to serve."),
    ("relationship", "客户关系", "Satisfaction, complaints, loyalty."),
    (
        "gain",
        "增益",
        "What planned contacts are expected to bring a year beyond today's contacts.",
    ),
    ("one more hour", "再加一小时", "What the best next contact would bring, by the hour."),
    ("cultivation plan", "培育计划", "Dated actions for one account."),
    (
        "monitoring and evaluation",
        "监测和评估",
        "Purchases, satisfaction and profit against target.",
    ),
    ("missing", "缺失", "An empty cell is not known; it is never nought."),
)

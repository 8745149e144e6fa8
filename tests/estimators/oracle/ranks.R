# Numbers the tests of rankings and comparisons are checked against.
# Run: Rscript tests/estimators/oracle/ranks.R > tests/estimators/oracle/ranks.json
suppressPackageStartupMessages({
  library(multcomp)
  library(mvtnorm)
  library(survey)
  library(jsonlite)
})
set.seed(2020)
accurate <- GenzBretz(maxpts = 400000, abseps = 1e-5, releps = 0)

# critical values of all pairs of equally precise, independent units: Tukey's range over sqrt(2)
tukey <- expand.grid(units = c(2, 5, 17, 70), level = c(0.75, 0.95))
tukey$critical <- mapply(function(u, l) qtukey(l, u, Inf) / sqrt(2), tukey$units, tukey$level)
tukey$critical_df20 <- mapply(function(u, l) qtukey(l, u, 20) / sqrt(2), tukey$units, tukey$level)

# a correlated, unequally precise table; the null law of each family is integrated, not simulated
estimate <- c(a = 4.90, b = 4.71, c = 4.69, d = 4.52, e = 4.375)
se <- c(0.06, 0.04, 0.09, 0.05, 0.07)
correlation <- 0.5^abs(outer(1:5, 1:5, "-"))
covariance <- outer(se, se) * correlation
pairs <- subset(expand.grid(better = 1:5, worse = 1:5), better != worse)
contrast <- t(apply(pairs, 1, function(p) replace(replace(numeric(5), p[1], 1), p[2], -1)))
contrast_cov <- contrast %*% covariance %*% t(contrast)
contrast_se <- sqrt(diag(contrast_cov))
statistic <- as.vector(contrast %*% estimate) / contrast_se
family_quantile <- function(rows, level) {
  if (length(rows) == 1) return(qnorm(level))
  qmvnorm(level, tail = "lower.tail", corr = cov2cor(contrast_cov[rows, rows]), algorithm = accurate,
          interval = c(0.1, 6))$quantile
}
step_down <- function(rows, level, stepwise) {
  rejected <- logical(length(rows))
  criticals <- numeric(0)
  repeat {
    left <- rows[!rejected]
    criticals <- c(criticals, family_quantile(left, level))
    now <- statistic[rows] > tail(criticals, 1)
    if (!stepwise || all(now == rejected) || all(now)) { rejected <- now; break }
    rejected <- now
  }
  list(rejected = rows[rejected], criticals = criticals)
}
rank_sets <- function(level, simultaneous, stepwise) {
  families <- if (simultaneous) list(seq_len(nrow(pairs))) else
    lapply(1:5, function(j) which(pairs$better == j | pairs$worse == j))
  runs <- lapply(families, step_down, level = level, stepwise = stepwise)
  bound <- sapply(1:5, function(j) {
    r <- runs[[if (simultaneous) 1 else j]]$rejected
    c(1 + sum(pairs$worse[r] == j), 5 - sum(pairs$better[r] == j))
  })
  list(level = level, simultaneous = simultaneous, stepwise = stepwise, lower = bound[1, ],
       upper = bound[2, ], criticals = lapply(runs, `[[`, "criticals"))
}
cases <- expand.grid(level = c(0.5, 0.8, 0.95), simultaneous = c(TRUE, FALSE), stepwise = c(TRUE, FALSE))
sets <- Map(rank_sets, cases$level, cases$simultaneous, cases$stepwise)

# all pairs with joint covariance: single-step and step-down p-values, simultaneous intervals
fit <- glht(parm(estimate, covariance), linfct = contrMat(rep(10, 5), "Tukey"))
single <- summary(fit, test = adjusted("single-step", algorithm = accurate))
intervals <- confint(fit, level = 0.95, algorithm = accurate)
many <- glht(parm(estimate - 4.6, covariance), linfct = diag(5))
free <- summary(many, test = adjusted("free", algorithm = accurate))

p_values <- c(0.001, 0.2, 0.011, 0.011, 0.04, 0.049, 0.9, 0.03)

# letters: how many columns insert-and-absorb needs for random sets of significant pairs
labels <- LETTERS[1:8]
all_pairs <- combn(labels, 2)
displays <- lapply(c(0.2, 0.4, 0.6, 0.8), function(share) {
  significant <- runif(ncol(all_pairs)) < share
  names(significant) <- apply(all_pairs, 2, paste, collapse = "-")
  cld <- multcomp:::insert_absorb(significant, lvl_order = labels, comps = t(all_pairs))
  list(significant = apply(all_pairs[, significant, drop = FALSE], 2, as.list), matrix = unname(cld$LetterMatrix))
})

# equality of domain means under a cluster design
data(api)
design <- svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc)
means <- svyby(~api00, ~stype, design, svymean, covmat = TRUE)
test <- regTermTest(svyglm(api00 ~ stype, design), ~stype)

# multinomial ranks by binomial tests of ordered pairs, Holm over all of them
counts <- c(41, 80, 76, 12, 55, 12)
ordered <- subset(expand.grid(a = seq_along(counts), b = seq_along(counts)), a != b)
p <- mapply(function(a, b) binom.test(counts[a], counts[a] + counts[b], alternative = "greater")$p.value,
            ordered$a, ordered$b)
holm <- p.adjust(p, "holm") <= 0.05

# a line through rounds with known standard errors
year <- 2016:2020
q <- c(4.31, 4.42, 4.55, 4.73, 4.58)
q_se <- c(0.03, 0.02, 0.02, 0.01, 0.02)
line <- lm(q ~ I(year - 2020), weights = 1 / q_se^2)
plain <- summary(lm(q ~ year))$coefficients["year", ]

out <- list(
  provenance = list(
    script = "tests/estimators/oracle/ranks.R", date = format(Sys.Date()), R = R.version.string,
    packages = sapply(c("multcomp", "mvtnorm", "survey"), function(x) as.character(packageVersion(x))) |> as.list()
  ),
  tukey = tukey,
  table = list(estimate = unname(estimate), covariance = covariance, sets = sets),
  pairwise = list(
    p_adjusted = unname(single$test$pvalues), lower = unname(intervals$confint[, "lwr"]),
    upper = unname(intervals$confint[, "upr"]), critical = attr(intervals$confint, "calpha"),
    pairs = rownames(intervals$confint)
  ),
  max_t = list(p_value = 2 * pnorm(-abs(estimate - 4.6) / se) |> unname(), correlation = correlation,
               p_adjusted = unname(free$test$pvalues)),
  p_adjust = list(p_value = p_values, holm = p.adjust(p_values, "holm"), bh = p.adjust(p_values, "BH"),
                  bonferroni = p.adjust(p_values, "bonferroni")),
  letters = displays,
  homogeneity = list(estimate = unname(coef(means)), covariance = unname(vcov(means)), statistic = test$Ftest[1],
                     p_value = test$p[1], df = test$df, df_denominator = test$ddf),
  multinomial = list(
    counts = counts, lower = 1 + sapply(seq_along(counts), function(j) sum(holm[ordered$b == j])),
    upper = length(counts) - sapply(seq_along(counts), function(j) sum(holm[ordered$a == j])),
    winner_p = binom.test(80, 156)$p.value
  ),
  trend = list(
    year = year, q = q, se = q_se, slope = unname(coef(line)[2]), at_last = unname(coef(line)[1]),
    slope_se = sqrt(summary(line)$cov.unscaled[2, 2]), misfit = sum(residuals(line)^2 / q_se^2),
    plain = unname(plain)
  ),
  kendall = list(first = unname(estimate), second = c(1.0, 0.7, 0.9, 0.8, 0.1),
                 tau = cor(estimate, c(1.0, 0.7, 0.9, 0.8, 0.1), method = "kendall"))
)
cat(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = FALSE), "\n")

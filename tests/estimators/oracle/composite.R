# Composite scores of a small made-up survey by R survey: totals of every item, then the official score as a
# nonlinear contrast of them, whose covariance matrix is R's own delta method.
# Run in this folder: Rscript composite.R
suppressMessages(library(survey)); library(jsonlite)
set.seed(20201)
n <- 160
d <- data.frame(
  service = sample(c("a", "b", "c"), n, TRUE), channel = sample(c("office", "online"), n, TRUE, c(.6, .4)),
  region = sample(c("N", "S"), n, TRUE), psu = sample(1:24, n, TRUE), weight = round(runif(n, .5, 3), 2))
d$channel[d$service == "c"] <- "office"
d$psu <- paste0(d$region, d$psu)
item <- c("i1", "i2", "i3", "i4"); criterion <- c("staff", "staff", "terms", "costs")
person <- rnorm(n)
for (k in item) {
  y <- pmin(5, pmax(1, round(4.1 + .6 * person + rnorm(n))))
  y[runif(n) < .15] <- -2
  if (k == "i4") y[runif(n) < .3] <- -1
  d[[k]] <- y
}
d$i2[d$channel == "online"] <- 0
leaf <- unique(d[, c("service", "channel")]); leaf <- leaf[order(leaf$service, leaf$channel), ]
columns <- list(); scores <- list(mean = list(), satisfaction = list())
mean_of <- function(x) paste0("(", paste(x, collapse = "+"), ")/", length(x))
for (s in c("mean", "satisfaction")) {
  services <- list()
  for (v in c("a", "b", "c")) {
    channels <- c()
    for (h in leaf$channel[leaf$service == v]) {
      criteria <- c()
      for (cr in unique(criterion)) {
        items <- c()
        for (k in item[criterion == cr]) {
          if (h == "online" && k == "i2") next
          own <- d$service == v & d$channel == h; y <- d[[k]]
          top <- paste("t", s, v, h, k, sep = "_"); bottom <- paste("b", s, v, h, k, sep = "_")
          columns[[top]] <- own * (if (s == "mean") pmax(y, 0) else y == 5)
          columns[[bottom]] <- own * (if (s == "mean") y > 0 else y > 0 | y == -2)
          items <- c(items, paste0(top, "/", bottom))
        }
        criteria <- c(criteria, mean_of(items))
      }
      channels <- c(channels, mean_of(criteria))
    }
    services[[v]] <- mean_of(channels)
  }
  services$east <- mean_of(c(services$a, services$c))
  services$all <- mean_of(c(services$a, services$b, services$c))
  scores[[s]] <- services
}
wide <- cbind(d, as.data.frame(columns))
wide$cell <- interaction(d$service, d$channel, d$region)
solve_one <- function(design) {
  totals <- svytotal(reformulate(names(columns)), design)
  lapply(scores, function(of) {
    found <- svycontrast(totals, lapply(of, str2lang))
    list(estimate = unname(coef(found)), covariance = unname(vcov(found)))
  })
}
base <- svydesign(ids = ~psu, strata = ~region, weights = ~weight, data = wide)
known <- c(`(Intercept)` = 280, serviceb = 90, servicec = 100)
calibrated <- calibrate(base, ~service, known)
out <- list(
  provenance = list(script = "composite.R", R = R.version.string, survey = as.character(packageVersion("survey")),
                    date = format(Sys.Date())),
  data = d[, c("service", "channel", "region", "psu", "weight", item)], nodes = names(scores$mean),
  stratified = solve_one(svydesign(ids = ~1, strata = ~cell, weights = rep(1, n), data = wide)),
  clustered = solve_one(base), calibrated = solve_one(calibrated), calibrated_weight = unname(weights(calibrated)))
write_json(out, "composite.json", digits = 17, auto_unbox = TRUE, dataframe = "columns", matrix = "rowmajor")
